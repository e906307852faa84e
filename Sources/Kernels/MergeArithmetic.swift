import CKernels

/// Element-wise combination of rows into the output.
extension MergeStack {
  /// `sum[i] += weight · row[i]`, rounded after the product and after the sum.
  public func accumulate(_ row: Int, weight: Float, into sum: inout MutableSpan<Float>) {
    unsafe withPointers(row, &sum) { unsafe ck_merge_accumulate($1, $0, weight, $2) }
  }

  /// `output[i] = row[i]`.
  public func copy(_ row: Int, into output: inout MutableSpan<Float>) {
    unsafe withPointers(row, &output) { unsafe $1.update(from: $0, count: $2) }
  }

  /// `sum[i] = row[i] + lambda · sum[i]`.
  public func add(_ row: Int, to sum: inout MutableSpan<Float>, lambda: Float) {
    unsafe withPointers(row, &sum) { unsafe ck_merge_add_base($1, $0, lambda, $2) }
  }

  /// Which elements of a task vector survive.
  public enum Survivors: Hashable, Sendable {
    case all
    /// Magnitudes whose bit pattern exceeds `cut`, and equal ones at flat indices below `tieLimit`.
    case magnitudes(cut: UInt32, tieLimit: Int)
    /// Elements whose random word under the Philox key is below `threshold` (0…2³²); `leading`, where they
    /// are at hand, are those of the whole tensor.
    case masked(key: UInt64, threshold: UInt64, leading: LeadingBytes? = nil)
    /// Magnitudes between two cuts: those that ``magnitudes(cut:tieLimit:)`` keeps by `low` and not by
    /// `high`.
    case band(low: MagnitudeLimit, high: MagnitudeLimit)
    /// Elements whose bit is set.
    case listed(KeepMask)
  }

  /// A place in the descending order of magnitudes, equal ones in order of their flat index: before it
  /// come those whose bit pattern exceeds `cut`, and equal ones at indices below `tieLimit`.
  public struct MagnitudeLimit: Hashable, Sendable {
    public let cut: UInt32
    public let tieLimit: Int

    public init(cut: UInt32, tieLimit: Int) {
      self.cut = cut
      self.tieLimit = tieLimit
    }
  }

  /// `row[i] = ((row[i] − base[i]) · scale) · weight` for the survivors, 0 for the others.
  public mutating func makeDelta(
    _ row: Int, from base: Int, scale: Float, weight: Float, keeping survivors: Survivors
  ) {
    precondition(row != base, "a delta needs two rows")
    let elements = self.elements
    unsafe withPointers(row, base) { x, base, count in
      switch survivors {
      case .all:
        unsafe ck_merge_delta(x, base, scale, weight, count)
      case .magnitudes(let cut, let tieLimit):
        let ties = max(0, tieLimit - elements.lowerBound)
        unsafe ck_merge_delta_above(x, base, scale, weight, cut, ties, count)
      case .masked(let key, let threshold, _):
        precondition(threshold <= 1 << 32, "threshold \(threshold) of a 32-bit word")
        unsafe ck_merge_delta_masked(
          x, base, scale, weight, key, UInt64(elements.lowerBound), threshold, count)
      case .band(let low, let high):
        unsafe ck_merge_delta_between(
          x, base, scale, weight, low.cut, max(0, low.tieLimit - elements.lowerBound), high.cut,
          max(0, high.tieLimit - elements.lowerBound), count)
      case .listed(let mask):
        precondition(elements.upperBound <= mask.count, "\(elements) of \(mask.count) bits")
        unsafe mask.withWords {
          unsafe ck_merge_delta_bits(
            x, base, scale, weight, $0, UInt64(elements.lowerBound), count)
        }
      }
    }
  }

  /// Merges rows of weighted deltas by sign election: per element the sign of their sum wins (+ at
  /// zero) and the rows that agree are summed; with `normalize` divided by the sum of their weights.
  public func elect(
    _ rows: Range<Int>, weights: [Float], normalize: Bool, into output: inout MutableSpan<Float>
  ) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "\(rows) of \(rowCount) rows")
    precondition(rows.count == weights.count, "\(weights.count) weights for \(rows.count) rows")
    let first = rows.isEmpty ? 0 : rows.lowerBound
    unsafe withPointers(first, &output) { start, results, count in
      unsafe weights.withUnsafeBufferPointer { weights in
        guard let weight = weights.baseAddress else {
          return unsafe results.update(repeating: 0, count: count)
        }
        unsafe ck_merge_elect(start, stride, weights.count, weight, normalize, results, count)
      }
    }
  }
}

/// `values[i] /= divisor`.
public func divide(_ values: inout MutableSpan<Float>, by divisor: Float) {
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    guard let pointer = buffer.baseAddress else { return }
    unsafe ck_merge_divide(pointer, divisor, buffer.count)
  }
}

/// `values[i] *= factor`.
public func multiply(_ values: inout MutableSpan<Float>, by factor: Float) {
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    guard let pointer = buffer.baseAddress else { return }
    unsafe ck_merge_multiply(pointer, factor, buffer.count)
  }
}

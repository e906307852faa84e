import CKernels

/// Sums and counts over the rows. What is floating point adds up in the order of the elements; what
/// is whole is exact in any order.
extension MergeStack {
  /// Adds `Σ a[i] · b[i]` in double precision; element i of a row goes to lane i mod 16.
  ///
  /// - Precondition: There are 16 lanes.
  public func addProducts(_ a: Int, _ b: Int, to lanes: inout [Double]) {
    precondition(lanes.count == CK_MERGE_LANES, "\(lanes.count) lanes")
    let count = self.count
    withRow(a) { left in
      withRow(b) { right in
        unsafe left.withUnsafeBufferPointer { left in
          unsafe right.withUnsafeBufferPointer { right in
            unsafe lanes.withUnsafeMutableBufferPointer { lanes in
              guard let left = left.baseAddress, let right = right.baseAddress,
                let lanes = lanes.baseAddress
              else { return }
              unsafe ck_merge_dot(left, right, lanes, count)
            }
          }
        }
      }
    }
  }

  /// Fills the spare row with `|row[i] − base[i]|`, for the reductions below.
  public mutating func measureDistances(of row: Int, from base: Int) {
    let target = spareRow
    let count = self.count
    let offsets = (row * stride, base * stride, target * stride)
    precondition(row >= 0 && row < rowCount && base >= 0 && base < rowCount, "rows \(row), \(base)")
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe ck_merge_distance(start + offsets.0, start + offsets.1, start + offsets.2, count)
    }
  }

  @unsafe
  private func withDistances<R>(_ body: (UnsafePointer<Float>, Int) -> R?) -> R? {
    let (offset, count) = (spareRow * stride, self.count)
    return unsafe values.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      return unsafe body(start + offset, count)
    }
  }

  /// Counts the distances by the upper 16 of the 31 bits of their pattern.
  public func countDistances(into bins: inout MagnitudeBins) {
    unsafe bins.counts.withUnsafeMutableBufferPointer { counts in
      unsafe bins.lowSums.withUnsafeMutableBufferPointer { sums in
        guard let counts = counts.baseAddress, let sums = sums.baseAddress else { return }
        unsafe withDistances { unsafe ck_merge_count_bins($0, counts, sums, $1) }
      }
    }
  }

  /// Of the distances in one bin, counts each value of the lower 15 bits.
  ///
  /// - Precondition: `counts` has ``MagnitudeBins/keysPerBin`` entries.
  public func countDistances(inBin bin: Int, into counts: inout [UInt32]) {
    precondition(counts.count == MagnitudeBins.keysPerBin, "\(counts.count) counts")
    precondition(bin >= 0 && bin < MagnitudeBins.binCount, "bin \(bin)")
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      guard let counts = counts.baseAddress else { return }
      unsafe withDistances { unsafe ck_merge_count_keys($0, UInt32(bin), counts, $1) }
    }
  }

  /// The flat index of the distance with bit pattern `key` after `skip` others, counted from the first
  /// element of the stack, or how many of them there are.
  public func findDistance(_ key: UInt32, after skip: Int) -> DistanceSearch {
    var found = 0
    let count = self.count
    let index =
      unsafe withDistances { unsafe ck_merge_find_key($0, key, skip, &found, $1) } ?? count
    return index < count ? .at(elements.lowerBound + index) : .passed(found)
  }

  /// What a search for the n-th equal distance ends with.
  public enum DistanceSearch: Hashable, Sendable {
    case at(Int)
    /// Fewer are in this range.
    case passed(Int)
  }

  /// `sums[word >> 20] += distance`, the words being those of the Philox key.
  ///
  /// - Precondition: There are ``maskBins`` sums.
  public func addDistances(byMaskOf key: UInt64, to sums: inout [Double]) {
    precondition(sums.count == Self.maskBins, "\(sums.count) sums")
    let first = UInt64(elements.lowerBound)
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      unsafe withDistances { unsafe ck_merge_mask_sums($0, key, first, sums, $1) }
    }
  }

  /// Adds the distances whose word lies in `words` (within 0…2³²) to `sum`.
  public func addDistances(
    whereMaskOf key: UInt64, liesIn words: Range<UInt64>, to sum: inout Double
  ) {
    let first = UInt64(elements.lowerBound)
    let start = sum
    sum =
      unsafe withDistances {
        unsafe ck_merge_mask_sum($0, key, first, words.lowerBound, words.upperBound, start, $1)
      } ?? start
  }

  /// Bins of random words by their upper 12 bits.
  public static var maskBins: Int { CK_MERGE_MASK_BINS }

  /// Partial sums of ``addProducts(_:_:to:)``.
  public static var lanes: Int { CK_MERGE_LANES }
}

/// How many magnitudes fall into each of 65,536 bins, which the upper 16 bits of their patterns name,
/// and the sum of their lower 15 bits: from the two follows the exact sum of a bin's magnitudes.
public struct MagnitudeBins: Sendable {
  public static var binCount: Int { CK_MERGE_BINS }
  public static var keysPerBin: Int { CK_MERGE_BIN_KEYS }

  public var counts = [UInt32](repeating: 0, count: binCount)
  public var lowSums = [UInt64](repeating: 0, count: binCount)

  public init() {}
}

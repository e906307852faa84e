import Kernels

/// The distribution of a magnitude, such as |x − base|, over 65,536 bins, which answers for every density where its cut
/// lies and what the sum of the magnitudes above is.
struct MagnitudeHistogram: Hashable, Sendable {
  /// The first bin that is not empty; those before it and after the stored ones are.
  let firstBin: Int
  let counts: [Int]
  /// Sum of the lower 15 bits of the patterns in each bin.
  let lowSums: [UInt64]

  /// A place in the descending order of magnitudes: the bin and the rank within it, counted from 1.
  struct Place: Hashable, Sendable {
    let bin: Int
    let rank: Int
    /// How many magnitudes the bin holds.
    let count: Int
    let isZero: Bool
  }

  /// Where the k-th largest magnitude is; nil if there are fewer.
  func place(ofLargest k: Int) -> Place? {
    var above = 0
    for index in counts.indices.reversed() {
      if above + counts[index] >= k {
        return Place(
          bin: firstBin + index, rank: k - above, count: counts[index],
          isZero: firstBin + index == 0 && lowSums[index] == 0)
      }
      above += counts[index]
    }
    return nil
  }

  /// The sum of all magnitudes in bins above `bin`; of all if that is nil.
  func sum(above bin: Int? = nil) -> Double {
    var sum = 0.0
    for index in counts.indices.reversed() {
      if let bin, firstBin + index <= bin { break }
      sum += Self.sum(bin: firstBin + index, count: counts[index], lowSum: lowSums[index])
    }
    return sum
  }

  /// The sum of `count` magnitudes of a bin whose lower bits add up to `lowSum`.
  static func sum(bin: Int, count: Int, lowSum: UInt64) -> Double {
    let smallest = Float(bitPattern: UInt32(bin) << 15)
    // Within a bin the exponent is the same, so patterns and magnitudes advance in equal steps.
    return Double(smallest) * Double(count) + Double(smallest.ulp) * Double(lowSum)
  }
}

/// Gathers a ``MagnitudeHistogram``.
struct MagnitudeCount: Reduction {
  var quantity = Quantity.distance

  func startChunk() -> MagnitudeBins { MagnitudeBins() }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout MagnitudeBins) {
    quantity.measure(&stack, rows)
    stack.countDistances(into: &partial)
  }

  struct Total: Sendable {
    var counts = [Int](repeating: 0, count: MagnitudeBins.binCount)
    var lowSums = [UInt64](repeating: 0, count: MagnitudeBins.binCount)
  }

  func startTotal() -> Total { Total() }

  func fold(_ partial: MagnitudeBins, into total: inout Total) {
    for bin in partial.counts.indices where partial.counts[bin] > 0 {
      total.counts[bin] += Int(partial.counts[bin])
      total.lowSums[bin] += partial.lowSums[bin]
    }
  }

  func finish(_ total: Total) -> MagnitudeHistogram {
    guard let first = total.counts.firstIndex(where: { $0 > 0 }),
      let last = total.counts.lastIndex(where: { $0 > 0 })
    else { return MagnitudeHistogram(firstBin: 0, counts: [], lowSums: []) }
    return MagnitudeHistogram(
      firstBin: first, counts: Array(total.counts[first...last]),
      lowSums: Array(total.lowSums[first...last]))
  }

  static func byteCount(of value: MagnitudeHistogram) -> Int { 16 * value.counts.count + 64 }
}

import Kernels

/// Σ|x − base| of `[x, base]` by the upper 12 bits of each element's random word.
struct MaskedSums: Reduction {
  /// Philox key of the words.
  let key: UInt64

  func startChunk() -> [Double] { [Double](repeating: 0, count: MergeStack.maskBins) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [Double]) {
    stack.measureDistances(of: rows[0], from: rows[1])
    stack.addDistances(byMaskOf: key, to: &partial)
  }

  func startTotal() -> [Double] { startChunk() }

  func fold(_ partial: [Double], into total: inout [Double]) {
    for bin in total.indices { total[bin] += partial[bin] }
  }

  func finish(_ total: [Double]) -> [Double] { total }

  static func byteCount(of value: [Double]) -> Int { 8 * value.count }
}

/// Σ|x − base| of `[x, base]` over the elements whose random word lies in a range.
struct MaskedSum: Reduction {
  let key: UInt64
  /// Within 0…2³².
  let words: Range<UInt64>

  func startChunk() -> Double { 0 }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Double) {
    stack.measureDistances(of: rows[0], from: rows[1])
    stack.addDistances(whereMaskOf: key, liesIn: words, to: &partial)
  }

  func startTotal() -> Double { 0 }

  func fold(_ partial: Double, into total: inout Double) { total += partial }

  func finish(_ total: Double) -> Double { total }

  static func byteCount(of value: Double) -> Int { 8 }
}

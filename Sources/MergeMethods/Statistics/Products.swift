import Kernels

/// Σ x·y of every pair among some tensors, in double precision.
struct Products: Reduction {
  let count: Int

  /// The upper triangle of the matrix of products, row by row: of two tensors xx, xy and yy.
  typealias Value = [Double]

  private var pairs: [(Int, Int)] {
    (0..<count).flatMap { first in (first..<count).map { (first, $0) } }
  }

  func startChunk() -> [[Double]] {
    pairs.map { _ in [Double](repeating: 0, count: MergeStack.lanes) }
  }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [[Double]]) {
    for (index, (first, second)) in pairs.enumerated() {
      stack.addProducts(rows[first], rows[second], to: &partial[index])
    }
  }

  func startTotal() -> [Double] { pairs.map { _ in 0 } }

  func fold(_ partial: [[Double]], into total: inout [Double]) {
    for (index, lanes) in partial.enumerated() { total[index] += lanes.reduce(0, +) }
  }

  func finish(_ total: [Double]) -> [Double] { total }

  static func byteCount(of value: [Double]) -> Int { 8 * value.count }
}

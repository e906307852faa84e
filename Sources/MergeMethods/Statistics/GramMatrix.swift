import Kernels

/// The products of some vectors with each other, from which lengths and angles of all their
/// combinations follow.
struct GramMatrix: Hashable, Sendable {
  let count: Int
  /// The upper triangle, row by row.
  let products: [Double]

  subscript(_ first: Int, _ second: Int) -> Double {
    let (row, column) = (min(first, second), max(first, second))
    return products[row * count - row * (row - 1) / 2 + column - row]
  }

  /// Pairs in the order of ``products``.
  static func pairs(of count: Int) -> [(Int, Int)] {
    (0..<count).flatMap { first in (first..<count).map { (first, $0) } }
  }

  /// The length of a vector.
  func length(_ index: Int) -> Double { self[index, index].squareRoot() }

  /// The product of `Σ factors·vectors` with one of the vectors.
  func product(_ factors: [Double], with index: Int) -> Double {
    factors.indices.reduce(0) { $0 + factors[$1] * self[$1, index] }
  }

  /// The length of `Σ factors·vectors`.
  func length(of factors: [Double]) -> Double {
    let square = factors.indices.reduce(0) { $0 + factors[$1] * product(factors, with: $1) }
    return max(0, square).squareRoot()
  }
}

/// Gathers the ``GramMatrix`` of whole tensors `[x…]`, or of the differences of `[x…, base]`.
struct GramSums: Reduction {
  /// How many vectors there are.
  let count: Int
  let hasBase: Bool

  func startChunk() -> [[Double]] {
    GramMatrix.pairs(of: count).map { _ in [Double](repeating: 0, count: MergeStack.lanes) }
  }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [[Double]]) {
    for (index, (first, second)) in GramMatrix.pairs(of: count).enumerated() {
      stack.addProducts(
        rows[first], rows[second], from: hasBase ? rows[count] : nil, to: &partial[index])
    }
  }

  func startTotal() -> [Double] { GramMatrix.pairs(of: count).map { _ in 0 } }

  func fold(_ partial: [[Double]], into total: inout [Double]) {
    for (index, lanes) in partial.enumerated() { total[index] += lanes.reduce(0, +) }
  }

  func finish(_ total: [Double]) -> GramMatrix { GramMatrix(count: count, products: total) }

  static func byteCount(of value: GramMatrix) -> Int { 8 * value.products.count + 16 }
}

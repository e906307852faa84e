import Kernels
import Tensors

/// How a tensor falls into vectors of which each is treated on its own.
enum Lines: Hashable, Sendable {
  /// Along the last axis, so many elements each.
  case rows(length: Int)
  /// Along the first axis; so many of them.
  case columns(count: Int)

  /// The lines along the last axis; a tensor of one axis is one line.
  static func alongLastAxis(of shape: Shape) -> Lines {
    .rows(length: max(1, shape.dimensions.last ?? 1))
  }

  /// The lines along the first axis; a tensor of one axis is one line.
  static func alongFirstAxis(of shape: Shape) -> Lines {
    guard shape.dimensions.count > 1, let length = shape.dimensions.first, length > 0 else {
      return alongLastAxis(of: shape)
    }
    return .columns(count: shape.elementCount / length)
  }

  /// How many lines a tensor of so many elements has.
  func count(elements: Int) -> Int {
    switch self {
    case .rows(let length): elements / length
    case .columns(let count): count
    }
  }
}

/// The ``GramMatrix`` of every line, pair by pair.
struct LineProducts: Hashable, Sendable {
  let count: Int
  /// For each pair of vectors, in the order of ``GramMatrix/products``, one product per line.
  let products: [[Double]]

  func matrix(ofLine line: Int) -> GramMatrix {
    GramMatrix(count: count, products: products.map { $0[line] })
  }
}

/// Gathers the ``LineProducts`` of `[x…]`, or of the differences of `[x…, base]`.
struct LineSums: Reduction {
  let lines: Lines
  let count: Int
  let hasBase: Bool

  /// Sums of consecutive lines, pair by pair.
  struct Partial: Sendable {
    /// Nil before the first elements came.
    var firstLine: Int?
    var sums: [[Double]]
  }

  private var pairs: [(Int, Int)] { GramMatrix.pairs(of: count) }

  func startChunk() -> Partial { Partial(firstLine: nil, sums: pairs.map { _ in [] }) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Partial) {
    guard !stack.elements.isEmpty else { return }
    let base = hasBase ? rows[count] : nil
    switch lines {
    case .rows(let length):
      let first = partial.firstLine ?? stack.elements.lowerBound / length
      partial.firstLine = first
      let lineCount = (stack.elements.upperBound - 1) / length + 1 - first
      for (index, (one, other)) in pairs.enumerated() {
        let missing = lineCount - partial.sums[index].count
        if missing > 0 { partial.sums[index] += [Double](repeating: 0, count: missing) }
        stack.addProducts(
          rows[one], rows[other], from: base, rowLength: length, firstRow: first,
          to: &partial.sums[index])
      }
    case .columns(let columns):
      partial.firstLine = 0
      for (index, (one, other)) in pairs.enumerated() {
        if partial.sums[index].isEmpty {
          partial.sums[index] = [Double](repeating: 0, count: columns)
        }
        stack.addProducts(rows[one], rows[other], from: base, toColumns: &partial.sums[index])
      }
    }
  }

  func startTotal() -> [[Double]] { pairs.map { _ in [] } }

  func fold(_ partial: Partial, into total: inout [[Double]]) {
    guard let first = partial.firstLine else { return }
    for (index, sums) in partial.sums.enumerated() {
      let missing = first + sums.count - total[index].count
      if missing > 0 { total[index] += [Double](repeating: 0, count: missing) }
      for (line, sum) in sums.enumerated() { total[index][first + line] += sum }
    }
  }

  func finish(_ total: [[Double]]) -> LineProducts {
    LineProducts(count: count, products: total)
  }

  static func byteCount(of value: LineProducts) -> Int {
    value.products.reduce(64) { $0 + 8 * $1.count }
  }
}

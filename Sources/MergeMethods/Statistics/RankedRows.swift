import Kernels
import Tensors

/// The rows in which della ranks magnitudes: along the second axis, or the only one.
struct RankedRows: Hashable, Sendable {
  /// Elements per row.
  let length: Int
  /// Distance of a row's neighbours; so many rows are interleaved.
  let step: Int

  init(of shape: Shape) {
    let dimensions = shape.dimensions
    length = dimensions.count > 1 ? dimensions[1] : dimensions.first ?? 1
    step = dimensions.dropFirst(2).reduce(1, *)
  }

  /// Consecutive elements that hold whole rows.
  var blockLength: Int { max(1, length * step) }

  /// Whether ranks can be kept as ``RowRanks``.
  var fitsSixteenBits: Bool { length <= 1 << 16 }
}

/// Memory for the ranks of one block.
struct RankWorkspace: Sendable {
  /// Of each magnitude in its row, ascending from 0.
  private(set) var ranks: [UInt32] = []
  private var scratch: [UInt64] = []

  mutating func rank(_ magnitudes: [Float], in rows: RankedRows) {
    resize(to: magnitudes.count)
    var scratch: [UInt64] = []
    swap(&scratch, &self.scratch)
    var results = ranks.mutableSpan
    for row in 0..<rows.step {
      rankMagnitudes(
        magnitudes.span, from: row, step: rows.step, count: rows.length, into: &results,
        scratch: &scratch)
    }
    swap(&scratch, &self.scratch)
  }

  /// Takes ranks that are known.
  mutating func load(_ known: Span<UInt16>) {
    resize(to: known.count)
    var results = ranks.mutableSpan
    for index in known.indices { results[index] = UInt32(known[index]) }
  }

  private mutating func resize(to count: Int) {
    if ranks.count != count { ranks = [UInt32](repeating: 0, count: count) }
  }
}

/// The rank of `|x − base|` of `[x, base]` in its row, ascending from 0, for every element: two bytes each,
/// which spare all candidates of a search the sorting.
struct RowRanks: Reduction {
  let rows: RankedRows

  var granularity: Int { rows.blockLength }

  static var isRetained: Bool { true }

  struct Partial: Sendable {
    var buffer: BlockBuffer
    var workspace = RankWorkspace()
    var ranks: [UInt16] = []
  }

  func startChunk() -> Partial {
    Partial(buffer: BlockBuffer(blockLength: rows.blockLength, operands: 1))
  }

  func add(_ stack: inout MergeStack, rows operands: [Int], to partial: inout Partial) {
    stack.measureDistances(of: operands[0], from: operands[1])
    var buffer = BlockBuffer()
    swap(&buffer, &partial.buffer)
    buffer.append(stack) { part, blocks in
      stack.withMeasure { blocks[0].append($0.extracting(part)) }
    } use: { blocks, _ in
      partial.workspace.rank(blocks[0], in: rows)
      partial.ranks += partial.workspace.ranks.lazy.map { UInt16(truncatingIfNeeded: $0) }
    }
    swap(&buffer, &partial.buffer)
  }

  func startTotal() -> [UInt16] { [] }

  func fold(_ partial: Partial, into total: inout [UInt16]) { total += partial.ranks }

  func finish(_ total: [UInt16]) -> [UInt16] { total }

  static func byteCount(of value: [UInt16]) -> Int { 2 * value.count }
}

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
}

/// Memory for the ranks of one block.
struct RankWorkspace: Sendable {
  /// Of each magnitude in its row, ascending from 0.
  private(set) var ranks: [UInt32] = []
  private var scratch: [UInt64] = []

  mutating func rank(_ magnitudes: [Float], in rows: RankedRows) {
    if ranks.count != magnitudes.count {
      ranks = [UInt32](repeating: 0, count: magnitudes.count)
    }
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
}

/// A random mask whose probabilities rise with the rank of `|x − base|` of `[x, base]` in its row, and the
/// sum of what it keeps.
struct RankedMask: Reduction {
  let rows: RankedRows
  /// Philox key of the words.
  let key: UInt64
  let density: Double
  /// Half of the range of probabilities.
  let epsilon: Double

  var granularity: Int { rows.blockLength }

  struct Value: Sendable {
    let mask: KeepMask
    /// Of the kept magnitudes.
    let keptSum: Double
    /// Of all.
    let wholeSum: Double
  }

  struct Partial: Sendable {
    var buffer: BlockBuffer
    /// Flat index of the mask's first element.
    var start = 0
    var parts: [KeepMask] = []
    var keptSum = 0.0
    var wholeSum = 0.0
    var workspace = RankWorkspace()
  }

  func startChunk() -> Partial {
    Partial(buffer: BlockBuffer(blockLength: rows.blockLength, operands: 1))
  }

  func add(_ stack: inout MergeStack, rows operands: [Int], to partial: inout Partial) {
    stack.measureDistances(of: operands[0], from: operands[1])
    var buffer = partial.buffer
    buffer.append(stack) { part, blocks in
      stack.withMeasure { blocks[0].append($0.extracting(part)) }
    } use: { blocks, start in
      if partial.parts.isEmpty { partial.start = start }
      mask(blocks[0], from: start, into: &partial)
    }
    partial.buffer = buffer
  }

  private func mask(_ magnitudes: [Float], from start: Int, into partial: inout Partial) {
    partial.workspace.rank(magnitudes, in: rows)
    // A row of one element has no order: it is kept with the density itself.
    let isSingle = rows.length == 1
    var mask = KeepMask(count: magnitudes.count)
    let sums = mask.keep(
      magnitudes.span, ranks: partial.workspace.ranks.span, at: 0, key: key, first: start,
      low: isSingle ? density : density - epsilon,
      slope: isSingle ? 0 : 2 * epsilon / Double(rows.length - 1))
    partial.keptSum += sums.kept
    partial.wholeSum += sums.all
    partial.parts.append(mask)
  }

  struct Total: Sendable {
    var parts: [(start: Int, mask: KeepMask)] = []
    var count = 0
    var keptSum = 0.0
    var wholeSum = 0.0
  }

  func startTotal() -> Total { Total() }

  func fold(_ partial: Partial, into total: inout Total) {
    for mask in partial.parts {
      total.parts.append((total.count, mask))
      total.count += mask.count
    }
    total.keptSum += partial.keptSum
    total.wholeSum += partial.wholeSum
  }

  func finish(_ total: Total) -> Value {
    var mask = KeepMask(count: total.count)
    for (start, part) in total.parts { mask.insert(part, at: start) }
    return Value(mask: mask, keptSum: total.keptSum, wholeSum: total.wholeSum)
  }

  static func byteCount(of value: Value) -> Int { value.mask.byteCount + 32 }
}

import Kernels

/// A random mask whose probabilities rise with the rank of `|x − base|` of `[x, base]` in its row, and the
/// sum of what it keeps.
struct RankedMask: Reduction {
  let rows: RankedRows
  /// Philox key of the words.
  let key: UInt64
  let density: Double
  /// Half of the range of probabilities.
  let epsilon: Double
  /// The ``RowRanks`` of the operands, if they are at hand; else rows are sorted.
  var ranks: [UInt16]?

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
    var workspace = RankWorkspace()
    var mask = KeepMask(count: 0)
    var keptSum = 0.0
    var wholeSum = 0.0
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
    } use: { blocks, start in
      if let ranks {
        partial.workspace.load(ranks.span.extracting(start..<start + blocks[0].count))
      } else {
        partial.workspace.rank(blocks[0], in: rows)
      }
      keep(blocks[0], from: start, in: &partial)
    }
    swap(&buffer, &partial.buffer)
  }

  private func keep(_ magnitudes: [Float], from start: Int, in partial: inout Partial) {
    // A row of one element has no order: it is kept with the density itself.
    let isSingle = rows.length == 1
    var mask = KeepMask(count: 0)
    swap(&mask, &partial.mask)
    let offset = mask.count
    mask.extend(by: magnitudes.count)
    let sums = mask.keep(
      magnitudes.span, ranks: partial.workspace.ranks.span, at: offset, key: key, first: start,
      low: isSingle ? density : density - epsilon,
      slope: isSingle ? 0 : 2 * epsilon / Double(rows.length - 1))
    swap(&mask, &partial.mask)
    partial.keptSum += sums.kept
    partial.wholeSum += sums.all
  }

  struct Total: Sendable {
    var parts: [KeepMask] = []
    var keptSum = 0.0
    var wholeSum = 0.0
  }

  func startTotal() -> Total { Total() }

  func fold(_ partial: Partial, into total: inout Total) {
    total.parts.append(partial.mask)
    total.keptSum += partial.keptSum
    total.wholeSum += partial.wholeSum
  }

  func finish(_ total: Total) -> Value {
    var mask = KeepMask(count: total.parts.reduce(0) { $0 + $1.count })
    var start = 0
    for part in total.parts {
      mask.insert(part, at: start)
      start += part.count
    }
    return Value(mask: mask, keptSum: total.keptSum, wholeSum: total.wholeSum)
  }

  static func byteCount(of value: Value) -> Int { value.mask.byteCount + 32 }
}

/// Ranks follow from the operands, so they say nothing about which mask it is.
extension RankedMask: Hashable {
  static func == (left: RankedMask, right: RankedMask) -> Bool {
    left.rows == right.rows && left.key == right.key && left.density == right.density
      && left.epsilon == right.epsilon
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(rows)
    hasher.combine(key)
    hasher.combine(density)
    hasher.combine(epsilon)
  }
}

import Kernels

/// Gathers tiles into blocks of consecutive elements, such as rows, and hands out each when it is whole.
struct BlockBuffer: Sendable {
  let blockLength: Int
  /// Per operand, what has come of the block.
  private var operands: [[Float]]

  /// - Precondition: Elements begin at a multiple of the length of a block.
  init(blockLength: Int, operands: Int) {
    self.blockLength = blockLength
    self.operands = [[Float]](repeating: [], count: operands)
  }

  /// Holds nothing, and takes nothing.
  init() { self.init(blockLength: 0, operands: 0) }

  /// Appends the elements of the stack.
  ///
  /// - Parameters:
  ///   - stack: Holds the next elements.
  ///   - copy: Appends elements of the stack, counted from its first, to the block of each operand.
  ///   - use: Gets the operands of each block that is whole, and its first element.
  mutating func append(
    _ stack: MergeStack, copy: (Range<Int>, inout [[Float]]) -> Void,
    use: ([[Float]], Int) -> Void
  ) {
    var taken = 0
    while taken < stack.count {
      let held = operands[0].count
      let part = min(blockLength - held, stack.count - taken)
      copy(taken..<taken + part, &operands)
      taken += part
      guard operands[0].count == blockLength else { return }
      use(operands, stack.elements.lowerBound + taken - blockLength)
      for index in operands.indices { operands[index].removeAll(keepingCapacity: true) }
    }
  }
}

/// How far the softmax of each row of b is from that of a, of `[b, a]`.
struct RowDivergences: Reduction {
  let rowLength: Int

  var granularity: Int { rowLength }

  struct Partial: Sendable {
    var rows: BlockBuffer
    var divergences: [Double] = []
  }

  func startChunk() -> Partial { Partial(rows: BlockBuffer(blockLength: rowLength, operands: 2)) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Partial) {
    var found: [Double] = []
    partial.rows.append(stack) { part, operands in
      for (operand, row) in rows.enumerated() {
        stack.withRow(row) { operands[operand].append($0.extracting(part)) }
      }
    } use: { operands, _ in
      found.append(softmaxDivergence(of: operands[0], from: operands[1]))
    }
    partial.divergences += found
  }

  func startTotal() -> [Double] { [] }

  func fold(_ partial: Partial, into total: inout [Double]) { total += partial.divergences }

  func finish(_ total: [Double]) -> [Double] { total }

  static func byteCount(of value: [Double]) -> Int { 8 * value.count }
}

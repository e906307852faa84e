import CKernels

/// The inputs of one output tensor over a range of its elements: one row per input, widened to single
/// precision, and one spare row for what is derived from them.
///
/// A stack is one worker's scratch memory: it is filled, used up and moved on to the next range.
/// Arithmetic on its rows gives the same bits on every CPU and for every way of cutting a tensor.
public struct MergeStack: Sendable {
  /// Elements per tile: small enough that a few rows stay in the first two cache levels.
  public static let tile = 4096

  /// The elements of the flattened tensor that the rows hold.
  public private(set) var elements: Range<Int>
  public let rowCount: Int
  let stride: Int
  var values: [Float]

  /// - Parameters:
  ///   - rows: How many inputs there are.
  ///   - capacity: The longest range that the stack will hold.
  public init(rows: Int, capacity: Int) {
    rowCount = rows
    // Rows start at multiples of 64 bytes from each other.
    stride = (capacity + 15) / 16 * 16
    elements = 0..<0
    values = unsafe [Float](unsafeUninitializedCapacity: (rows + 1) * stride) { buffer, count in
      unsafe buffer.initialize(repeating: 0)
      count = buffer.count
    }
  }

  public var count: Int { elements.count }

  /// Makes the rows stand for other elements; what they hold is stale until they are filled.
  ///
  /// - Precondition: The range is no longer than the capacity.
  public mutating func move(to elements: Range<Int>) {
    precondition(elements.count <= stride, "\(elements.count) elements in rows of \(stride)")
    self.elements = elements
  }

  public mutating func withMutableRow<R>(
    _ row: Int, _ body: (inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    let range = self.range(of: row)
    return try unsafe values.withUnsafeMutableBufferPointer { buffer in
      var span = unsafe MutableSpan(_unsafeElements: buffer.extracting(range))
      return try body(&span)
    }
  }

  public func withRow<R>(_ row: Int, _ body: (Span<Float>) throws -> R) rethrows -> R {
    try body(values.span.extracting(range(of: row)))
  }

  private func range(of row: Int) -> Range<Int> {
    precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)")
    return row * stride..<row * stride + count
  }

  /// Calls `body` with the start of each row in `rows` and the number of elements.
  @unsafe
  mutating func withPointers(
    _ first: Int, _ second: Int,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    let (one, two) = (offset(of: first), offset(of: second))
    let count = self.count
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe body(base + one, base + two, count)
    }
  }

  /// Calls `body` with the start of a row and the start of `output`.
  @unsafe
  func withPointers(
    _ row: Int, _ output: inout MutableSpan<Float>,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    precondition(output.count == count, "\(output.count) results for \(count) elements")
    let offset = self.offset(of: row)
    unsafe values.withUnsafeBufferPointer { buffer in
      unsafe output.withUnsafeMutableBufferPointer { results in
        guard let base = buffer.baseAddress, let target = results.baseAddress else { return }
        unsafe body(base + offset, target, results.count)
      }
    }
  }

  /// The spare row behind the inputs.
  var spareRow: Int { rowCount }

  private func offset(of row: Int) -> Int {
    precondition(row >= 0 && row <= rowCount, "row \(row) of \(rowCount)")
    return row * stride
  }
}

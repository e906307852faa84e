import Checkpoints
import Kernels
import Synchronization
import Tensors

extension LoRAAdapter {
  /// Adds the product to some elements of the flattened weight.
  ///
  /// The sum over the rank runs in one order for every element, so any way of cutting the weight into
  /// ranges gives the same bits. Memory is bounded by the range and ``RecentMatrices``.
  /// - Parameters:
  ///   - product: Of the weight.
  ///   - elements: Of the weight, row-major.
  ///   - width: Columns of the weight.
  ///   - dtype: Of the weight.
  ///   - values: The weight's elements.
  /// - Throws: If the file has shrunk.
  func add(
    _ product: Product, elements: Range<Int>, width: Int, dtype: DType,
    to values: inout MutableSpan<Float>
  ) throws {
    guard !elements.isEmpty, width > 0 else { return }
    let rows = elements.lowerBound / width..<(elements.upperBound - 1) / width + 1
    let a = try matrices.values(of: product.a) { try self.values(product.a) }
    let b =
      product.isTransposed
      ? try matrices.values(of: product.b) { try self.values(product.b) }
      : try self.values(
        product.b, rows.lowerBound * product.rank..<rows.upperBound * product.rank)
    var sum = [Float](repeating: 0, count: elements.count)
    var sums = sum.mutableSpan
    var stack = MergeStack(rows: 1, capacity: min(width, elements.count))
    for row in rows {
      let part = max(elements.lowerBound, row * width)..<min(elements.upperBound, (row + 1) * width)
      let columns = part.lowerBound - row * width..<part.upperBound - row * width
      let start = part.lowerBound - elements.lowerBound
      var target = sums._mutatingExtracting(start..<start + part.count)
      stack.move(to: part)
      for k in 0..<product.rank {
        let factor: Float
        if product.isTransposed {
          factor = a[k * (a.count / product.rank) + row]
          stack.withMutableRow(0) { line in
            for (index, column) in columns.enumerated() {
              line[index] = b[column * product.rank + k]
            }
          }
        } else {
          factor = b[(row - rows.lowerBound) * product.rank + k]
          let line = a.span.extracting(
            k * width + columns.lowerBound..<k * width + columns.upperBound)
          stack.withMutableRow(0) { $0.copy(from: line) }
        }
        stack.accumulate(0, weight: factor, into: &target)
      }
    }
    multiply(&sums, by: product.scale)
    if product.isEmbedding { round(&sums, to: dtype) }
    for index in 0..<elements.count { values[index] += sums[index] }
  }

  /// Adds a vector with a factor.
  ///
  /// - Throws: If the file has shrunk.
  func add(
    _ addend: (tensor: TensorName, scale: Float), elements: Range<Int>,
    to values: inout MutableSpan<Float>
  ) throws {
    let numbers = try self.values(addend.tensor, elements)
    for index in 0..<elements.count { values[index] += addend.scale * numbers[index] }
  }

  /// Overwrites `destination` with elements of a tensor of the adapter.
  ///
  /// - Throws: If the file has shrunk.
  func read(
    _ tensor: TensorName, _ elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    let dtype = file.description(of: tensor)?.dtype ?? .f32
    try file.withBytes(of: tensor, elements: elements) {
      widen($0, from: dtype, into: &destination)
    }
  }

  /// Elements of a tensor of the adapter; all of them if no range is given.
  private func values(_ tensor: TensorName, _ elements: Range<Int>? = nil) throws -> [Float] {
    let elements = elements ?? 0..<(file.description(of: tensor)?.shape.elementCount ?? 0)
    var values = [Float](repeating: 0, count: elements.count)
    var span = values.mutableSpan
    try read(tensor, elements, into: &span)
    return values
  }
}

extension MutableSpan<Float> {
  fileprivate mutating func copy(from other: Span<Float>) {
    for index in 0..<other.count { self[index] = other[index] }
  }
}

/// The matrices that were used last, in single precision, within a fixed number of bytes.
///
/// Reading them anew for every range of a weight would take longer than the arithmetic.
final class RecentMatrices: Sendable {
  private static let limit = 64 << 20
  private let entries = Mutex<[(name: TensorName, values: [Float])]>([])

  func values(of name: TensorName, _ read: () throws -> [Float]) throws -> [Float] {
    if let known = entries.withLock({ $0.first { $0.name == name }?.values }) { return known }
    let values = try read()
    entries.withLock { entries in
      guard !entries.contains(where: { $0.name == name }) else { return }
      entries.append((name, values))
      while entries.count > 1, entries.reduce(0, { $0 + 4 * $1.values.count }) > Self.limit {
        entries.removeFirst()
      }
    }
    return values
  }
}

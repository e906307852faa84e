import Checkpoints
import Kernels
import Tensors

extension LoRAAdapter {
  /// Adds the product to some elements of the flattened weight.
  ///
  /// The sum over the rank runs in one order for every element, so any way of cutting the weight into
  /// ranges gives the same bits. Memory is bounded by the range.
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
    // Within one row only its columns are needed, else all of them.
    let columns =
      rows.count == 1
      ? elements.lowerBound % width..<(elements.upperBound - 1) % width + 1 : 0..<width
    let left = try factors(of: product, rows: rows)
    var right = MergeStack(rows: 1, capacity: columns.count)
    let transposed = product.isTransposed ? try self.columns(columns, of: product) : []
    var sum = [Float](repeating: 0, count: elements.count)
    var sums = sum.mutableSpan
    for k in 0..<product.rank {
      right.move(to: 0..<columns.count)
      try right.withMutableRow(0) { row in
        if product.isTransposed {
          for column in 0..<columns.count { row[column] = transposed[column * product.rank + k] }
        } else {
          let start = k * width
          try read(
            product.a, start + columns.lowerBound..<start + columns.upperBound, into: &row)
        }
      }
      for row in rows {
        let part =
          max(elements.lowerBound, row * width)..<min(elements.upperBound, (row + 1) * width)
        let factor = left[(row - rows.lowerBound) * product.rank + k]
        let shift = part.lowerBound - row * width - columns.lowerBound
        var target = sums._mutatingExtracting(
          part.lowerBound - elements.lowerBound..<part.upperBound - elements.lowerBound)
        right.withRow(0) { values in
          for index in 0..<target.count { target[index] += factor * values[shift + index] }
        }
      }
    }
    for index in 0..<elements.count { sums[index] *= product.scale }
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

  private func values(_ tensor: TensorName, _ elements: Range<Int>) throws -> [Float] {
    var values = [Float](repeating: 0, count: elements.count)
    var span = values.mutableSpan
    try read(tensor, elements, into: &span)
    return values
  }

  /// [rows, rank]: the factors that belong to rows of the weight.
  private func factors(of product: Product, rows: Range<Int>) throws -> [Float] {
    let rank = product.rank
    guard product.isTransposed else {
      return try values(product.b, rows.lowerBound * rank..<rows.upperBound * rank)
    }
    let count = (file.description(of: product.a)?.shape.elementCount ?? 0) / rank
    var factors = [Float](repeating: 0, count: rows.count * rank)
    for k in 0..<rank {
      let line = try values(product.a, k * count + rows.lowerBound..<k * count + rows.upperBound)
      for row in 0..<rows.count { factors[row * rank + k] = line[row] }
    }
    return factors
  }

  /// [columns, rank]: of a transposed product, whose columns are rows of B.
  private func columns(_ columns: Range<Int>, of product: Product) throws -> [Float] {
    try values(
      product.b, columns.lowerBound * product.rank..<columns.upperBound * product.rank)
  }
}

import Checkpoints
import Kernels
import Recipes
import Tensors

/// One model's embedding or head in the order of the output's vocabulary.
struct AlignedRows: Sendable {
  /// A model that has the tensor.
  private struct Source: Sendable {
    let weights: any WeightSource
    let name: TensorName
    /// Row of each output row, or -1.
    let rows: [Int32]
  }

  private let sources: [Source]
  private let own: Int
  private let base: Int?
  /// Elements per row.
  private let width: Int

  /// - Parameters:
  ///   - vocabulary: The alignment.
  ///   - model: The one that these rows are read for.
  ///   - models: All that have the tensor, with its name in each.
  ///   - base: Preferred where `model` lacks a token.
  ///   - width: Elements per row.
  init(
    _ vocabulary: VocabularyAlignment, of model: ModelReference,
    among models: [(reference: ModelReference, weights: any WeightSource, name: TensorName)],
    base: ModelReference?, width: Int
  ) {
    sources = models.map {
      Source(weights: $0.weights, name: $0.name, rows: vocabulary.rows(of: $0.reference))
    }
    own = models.firstIndex { $0.reference == model } ?? 0
    self.base = models.firstIndex { $0.reference == base }
    self.width = width
  }

  func prepare(on pool: WorkerPool) throws {
    for source in sources { try source.weights.prepare(source.name, on: pool) }
  }

  /// Which models' rows are averaged; one is copied, none means zeros.
  private func donors(of row: Int) -> [Int] {
    if sources[own].rows[row] >= 0 { return [own] }
    if let base, sources[base].rows[row] >= 0 { return [base] }
    return sources.indices.filter { sources[$0].rows[row] >= 0 }
  }

  func read(elements: Range<Int>, into destination: inout MutableSpan<Float>) throws {
    guard !elements.isEmpty else { return }
    var row = elements.lowerBound / width
    while row * width < elements.upperBound {
      let donors = donors(of: row)
      let end = donors.count == 1 ? endOfRun(from: row, of: donors[0]) : row + 1
      let part = max(elements.lowerBound, row * width)..<min(elements.upperBound, end * width)
      let offset = part.lowerBound - elements.lowerBound
      var output = destination._mutatingExtracting(offset..<offset + part.count)
      try read(part, row: row, donors, into: &output)
      row = end
    }
  }

  /// The first row from which on output rows and the donor's do not advance together.
  private func endOfRun(from row: Int, of donor: Int) -> Int {
    let rows = sources[donor].rows
    var end = row + 1
    while end < rows.count, rows[end] == rows[end - 1] + 1, donors(of: end) == [donor] { end += 1 }
    return end
  }

  /// Reads elements of rows that begin with `row`, all from the same donors.
  private func read(
    _ elements: Range<Int>, row: Int, _ donors: [Int], into output: inout MutableSpan<Float>
  ) throws {
    func source(_ donor: Int) -> Range<Int> {
      let shift = (Int(sources[donor].rows[row]) - row) * width
      return elements.lowerBound + shift..<elements.upperBound + shift
    }
    output.update(repeating: 0)
    if donors.count == 1 {
      let source = source(donors[0])
      try sources[donors[0]].weights.read(
        sources[donors[0]].name, elements: source, into: &output)
      return
    }
    var stack = MergeStack(rows: 1, capacity: elements.count)
    stack.move(to: elements)
    for donor in donors {
      let source = source(donor)
      try stack.withMutableRow(0) {
        try sources[donor].weights.read(sources[donor].name, elements: source, into: &$0)
      }
      stack.accumulate(0, weight: 1, into: &output)
    }
    if donors.count > 1 { divide(&output, by: Float(donors.count)) }
  }
}

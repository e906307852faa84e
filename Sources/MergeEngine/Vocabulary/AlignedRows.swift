import Checkpoints
import Diagnostics
import Kernels
import Recipes
import Synchronization
import Tensors

/// One model's embedding or head in the order of the output's vocabulary.
struct AlignedRows: Sendable {
  /// A model that has the tensor.
  struct Source: Sendable {
    let reference: ModelReference
    let weights: any WeightSource
    let name: TensorName
  }

  /// Where an output row comes from.
  private enum Origin: Equatable {
    case row(source: Int, Int)
    /// Of the sources that have the token.
    case mean([Int])
    case zero
    /// The mean of all rows that stand for tokens.
    case padding
  }

  private let alignment: VocabularyAlignment
  private let sources: [Source]
  /// For each source its row of every token, or -1.
  private let rows: [[Int32]]
  private let own: Int
  private let base: Int?
  /// Elements per row.
  private let width: Int
  /// What computed rows are rounded to.
  private let dtype: DType
  private let padding = PaddingRow()

  /// - Parameters:
  ///   - alignment: Of the vocabularies.
  ///   - model: The one that these rows are read for.
  ///   - sources: All that have the tensor.
  ///   - base: Preferred where `model` lacks a token.
  ///   - width: Elements per row.
  ///   - dtype: What all sources are promoted to.
  ///   - location: What messages put first.
  /// - Throws: ``Diagnostic`` if a token's row shall come from a model that lacks the tensor.
  init(
    _ alignment: VocabularyAlignment, of model: ModelReference, among sources: [Source],
    base: ModelReference?, width: Int, dtype: DType, at location: String
  ) throws(Diagnostic) {
    for setting in alignment.settings.values {
      guard let wanted = setting.origin?.model,
        !sources.contains(where: { $0.reference == wanted })
      else { continue }
      throw Diagnostic(
        "a token's row shall come from '\(wanted)', which has no tensor "
          + "'\(sources.first?.name ?? "")' here", at: "\(location): tokenizer.tokens",
        fix: "name a model whose embedding and head are merged")
    }
    self.alignment = alignment
    self.sources = sources
    rows = sources.map { alignment.rows(of: $0.reference) }
    own = sources.firstIndex { $0.reference == model } ?? 0
    self.base = sources.firstIndex { $0.reference == base }
    self.width = width
    self.dtype = dtype
  }

  func prepare(on pool: WorkerPool) throws {
    for source in sources { try source.weights.prepare(source.name, on: pool) }
  }

  private func origin(of row: Int) -> Origin {
    guard row < alignment.tokenCount else { return .padding }
    let setting = alignment.settings.isEmpty ? nil : alignment.settings[row]
    if rows[own][row] >= 0, setting?.isForced != true {
      return .row(source: own, Int(rows[own][row]))
    }
    if let setting {
      guard let origin = setting.origin,
        let source = sources.firstIndex(where: { $0.reference == origin.model })
      else { return .zero }
      return .row(source: source, origin.row)
    }
    let donors = sources.indices.filter { rows[$0][row] >= 0 }
    if let donor = donors.count == 1 ? donors[0] : donors.first(where: { $0 == base }) {
      return .row(source: donor, Int(rows[donor][row]))
    }
    return donors.isEmpty ? .zero : .mean(donors)
  }

  func read(elements: Range<Int>, into destination: inout MutableSpan<Float>) throws {
    guard !elements.isEmpty else { return }
    var row = elements.lowerBound / width
    while row * width < elements.upperBound {
      let origin = origin(of: row)
      let end = endOfRun(from: row, origin, limit: (elements.upperBound - 1) / width + 1)
      let part = max(elements.lowerBound, row * width)..<min(elements.upperBound, end * width)
      let offset = part.lowerBound - elements.lowerBound
      var output = destination._mutatingExtracting(offset..<offset + part.count)
      try read(part, row: row, origin, into: &output)
      row = end
    }
  }

  /// The first row from which on output rows and the source's do not advance together.
  private func endOfRun(from row: Int, _ origin: Origin, limit: Int) -> Int {
    guard case .row(let source, var next) = origin else { return row + 1 }
    var end = row + 1
    while end < limit {
      next += 1
      guard self.origin(of: end) == .row(source: source, next) else { break }
      end += 1
    }
    return end
  }

  /// Reads elements of rows that begin with `row`, all of one origin.
  private func read(
    _ elements: Range<Int>, row: Int, _ origin: Origin, into output: inout MutableSpan<Float>
  ) throws {
    /// The same columns of another row.
    func moved(to other: Int) -> Range<Int> {
      let shift = (other - row) * width
      return elements.lowerBound + shift..<elements.upperBound + shift
    }
    switch origin {
    case .row(let source, let other):
      try sources[source].weights.read(
        sources[source].name, elements: moved(to: other), into: &output)
    case .zero: output.update(repeating: 0)
    case .mean(let donors):
      var stack = MergeStack(rows: 1, capacity: elements.count)
      stack.move(to: elements)
      output.update(repeating: 0)
      for donor in donors {
        try stack.withMutableRow(0) { values in
          try sources[donor].weights.read(
            sources[donor].name, elements: moved(to: Int(rows[donor][row])), into: &values)
        }
        stack.accumulate(0, weight: 1, into: &output)
      }
      divide(&output, by: Float(donors.count))
      round(&output, to: dtype)
    case .padding:
      let mean = try padding.values { try meanRow() }
      let columns = elements.lowerBound - row * width
      for index in 0..<elements.count { output[index] = mean[columns + index] }
      round(&output, to: dtype)
    }
  }

  /// The mean of the rows that stand for tokens.
  private func meanRow() throws -> [Float] {
    var sums = [Double](repeating: 0, count: width)
    var line = [Float](repeating: 0, count: width)
    for row in 0..<alignment.tokenCount {
      var span = line.mutableSpan
      try read(elements: row * width..<(row + 1) * width, into: &span)
      for column in 0..<width { sums[column] += Double(line[column]) }
    }
    return sums.map { Float($0 / Double(alignment.tokenCount)) }
  }
}

/// A row that is worked out when it is first needed; whoever comes meanwhile waits.
private final class PaddingRow: Sendable {
  private let row = Mutex<[Float]?>(nil)

  func values(_ compute: () throws -> [Float]) throws -> [Float] {
    try row.withLock { row in
      if let row { return row }
      let values = try compute()
      row = values
      return values
    }
  }
}

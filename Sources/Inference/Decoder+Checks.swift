import Architectures
import Checkpoints
import Diagnostics
import Kernels
import Tensors

extension Decoder {
  /// - Throws: ``Diagnostic`` if a token lies outside of the vocabulary or a sequence is too long.
  func check(_ forest: TokenForest) throws(Diagnostic) {
    if let tokens = forest.tokenRange {
      try check(tokens: tokens)
    }
    try check(sharedLength: forest.depth)
  }

  /// - Parameter length: Of the longest of several sequences that share prefixes.
  /// - Throws: ``Diagnostic`` if it is too long.
  func check(sharedLength length: Int) throws(Diagnostic) {
    try check(length: length)
    guard let steady = configuration.steadyLength, length > steady else { return }
    throw Diagnostic(
      "a sequence of \(length) tokens is longer than the \(steady) up to which the model's rotations do "
        + "not depend on the length", at: location,
      fix: "shorten the prompts, use fewer shots, or limit the context length")
  }

  /// Indices of sequences of some lengths that rotate alike, with a length that stands for each group.
  func groupedByRotation(_ lengths: [Int]) -> [(length: Int, indices: [Int])] {
    let steady = configuration.steadyLength ?? .max
    let groups = Dictionary(grouping: lengths.indices) {
      lengths[$0] > steady ? lengths[$0] : 1
    }
    return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  func check(tokens: ClosedRange<Int>) throws(Diagnostic) {
    let size = configuration.vocabularySize
    guard tokens.lowerBound >= 0, tokens.upperBound < size else {
      let id = tokens.upperBound < size ? tokens.lowerBound : tokens.upperBound
      throw Diagnostic(
        "token id \(id) is outside of the model's vocabulary of \(size)", at: location,
        fix: "use the tokenizer that belongs to the model")
    }
  }

  func check(length: Int) throws(Diagnostic) {
    guard length <= configuration.longestSequence else {
      throw Diagnostic(
        "a sequence of \(length) tokens is longer than the model's \(configuration.longestSequence) positions",
        at: location, fix: "shorten the prompts, use fewer shots, or limit the context length")
    }
  }

  /// The problem that hidden states or logits are not finite, with the tensor to blame if there is one.
  ///
  /// - Parameters:
  ///   - layer: The first layer whose results are not finite; nil: the logits.
  ///   - pool: Workers to search with.
  /// - Returns: The problem.
  func notFinite(afterLayer layer: Int?, _ pool: WorkerPool) -> Diagnostic {
    let specs = configuration.weights.filter { spec in
      layer == nil
        ? spec.layer == nil && spec.part != .embedding || spec.name == headName
        : spec.layer == layer
    }
    let place = layer.map { "layer \($0)" } ?? "the logits"
    return notFinite(
      specs.compactMap { name($0.part, layer: $0.layer) }, "\(place) overflows", pool)
  }

  /// The problem that an embedded token is not finite.
  func notFinite(inEmbeddingOn pool: WorkerPool) -> Diagnostic {
    notFinite(
      [name(.embedding), name(.positions)].compactMap { $0 }, "the embedding overflows", pool)
  }

  private func notFinite(
    _ names: [TensorName], _ otherwise: String, _ pool: WorkerPool
  ) -> Diagnostic {
    for name in names where (try? isFinite(name, pool)) == false {
      return Diagnostic(
        "tensor '\(name)' holds values that are not finite", at: location,
        fix: "check the models it comes from, and the weights of the merge")
    }
    return Diagnostic(
      "\(otherwise): its results are not finite, though its weights are", at: location,
      fix: "use smaller weights in the merge")
  }

  private func isFinite(_ name: TensorName, _ pool: WorkerPool) throws -> Bool {
    let count = source.description(of: name)?.shape.elementCount ?? 0
    try source.prepare(name, on: pool)
    let piece = 1 << 17
    let parts = try pool.map((count + piece - 1) / piece) { [source] index in
      let range = index * piece..<min(count, (index + 1) * piece)
      var values = [Float](repeating: 0, count: range.count)
      var span = values.mutableSpan
      try source.read(name, elements: range, into: &span)
      return values.allSatisfy(\.isFinite)
    }
    return !parts.contains(false)
  }
}

public import Checkpoints
public import Diagnostics
public import Inference
import Kernels
public import Tasks
public import Tokenization

/// Scores models, merged or not, on tasks.
///
/// A score is a function of weights, item and precision: not of the other candidates of a batch, of other
/// items, threads or order.
public struct Evaluator: Sendable {
  public let tasks: [LoadedTask]
  private let encoder: RequestEncoder
  public let engine: InferenceEngine

  /// `tokenizer` is that of all models to be scored, `maximumLength` what ``ContextLength`` says of them; the
  /// engine decides the precision.
  public init(
    tasks: [LoadedTask], tokenizer: Tokenizer, maximumLength: Int, engine: InferenceEngine
  ) {
    self.tasks = tasks
    encoder = RequestEncoder(tokenizer: tokenizer, maximumLength: maximumLength)
    self.engine = engine
  }

  private init(tasks: [LoadedTask], encoder: RequestEncoder, engine: InferenceEngine) {
    self.tasks = tasks
    self.encoder = encoder
    self.engine = engine
  }

  /// The same evaluator in the precision of another engine; what one of them has prepared serves both.
  public func using(_ engine: InferenceEngine) -> Evaluator {
    Evaluator(tasks: tasks, encoder: encoder, engine: engine)
  }

  /// How a batch of `count` candidates like this one is cut to fit into `memory` bytes.
  public func forecast(
    _ prepared: PreparedEvaluation, source: any WeightSource, count: Int, memory: Int
  ) throws(Diagnostic) -> (sources: Int, parts: Int, bytes: Int) {
    try engine.forecast(prepared.forest, source: source, count: count, memory: memory)
  }

  /// Turns the items of `splits` into tokens, for any number of candidates.
  ///
  /// - Parameters:
  ///   - splits: Whose items, in this order; of several, those that a task has.
  ///   - override: How to decode, whatever the task files say.
  ///   - standard: How to decode where they say nothing; nil: ``DecodeMode/standard(for:)`` of a single
  ///     split, `unproved` for several.
  ///   - tellsOptimizer: Whether the metric that counts is the one that the optimizer of a search is told.
  ///   - positions: For each task the positions of the wanted items among those of the splits; nil: all.
  /// - Returns: What ``evaluate(_:on:memory:)`` needs; independent of any model's weights.
  /// - Throws: ``Diagnostic`` for a task without items and for an item that does not fit the model.
  public func prepare(
    _ splits: [Split], decode override: DecodeMode? = nil, standard: DecodeMode? = nil,
    tellsOptimizer: Bool = false, items positions: [[Int]]? = nil
  ) throws(Diagnostic) -> PreparedEvaluation {
    precondition(
      positions == nil || positions?.count == tasks.count,
      "positions for \(positions?.count ?? 0) of \(tasks.count) tasks")
    var planner = EvaluationPlanner(encoder: encoder)
    var prepared: [PreparedTask] = []
    for (index, task) in tasks.enumerated() {
      var items: [TaskItem] = []
      for split in splits where splits.count == 1 || task.itemCount(in: split) > 0 {
        items += try task.items(in: split)
      }
      if let positions { items = positions[index].map { items[$0] } }
      let fallback =
        standard ?? (splits.count == 1 ? DecodeMode.standard(for: splits[0]) : .unproved)
      let decoding = task.decoding(override ?? task.file.decode ?? fallback)
      let objective =
        tellsOptimizer ? task.toldMetric(decoding: decoding) : task.objective(decoding: decoding)
      prepared.append(
        try planner.prepare(task, items: items, decoding: decoding, objective: objective))
    }
    return PreparedEvaluation(prepared, planner: planner)
  }

  /// Scores a batch of candidates, whose weights are read layer by layer side by side.
  ///
  /// - Parameters:
  ///   - sources: The candidates; all have the tokenizer of this evaluator.
  ///   - prepared: Made by this evaluator.
  ///   - memory: Bytes that the forward pass may use for the whole batch.
  /// - Returns: One result per source, in order; a source whose logits are not finite, or that cannot be
  ///   read, fails alone.
  /// - Throws: `CancellationError`.
  public func evaluate(
    _ sources: [any WeightSource], on prepared: PreparedEvaluation, memory: Int
  ) throws -> [Result<ModelEvaluation, Diagnostic>] {
    let passes = try passes(sources, prepared, memory: memory)
    let answers = try engine.pool.map(passes.count) { index in
      passes[index].map { CandidateAnswers(prepared, probes: $0) }
    }
    let decoded = try zip(sources, answers).map { source, answers in
      try decode(answers, of: source, memory: memory)
    }
    return try engine.pool.map(decoded.count) { index in
      decoded[index].map { answers, tokens in
        ModelEvaluation(
          tasks: answers.taskResults(), requestedTokens: prepared.requestedTokens,
          computedTokens: prepared.forestTokens + tokens)
      }
    }
  }

  /// The forward pass of every source over the forest; nothing to do where every item is decoded.
  private func passes(
    _ sources: [any WeightSource], _ prepared: PreparedEvaluation, memory: Int
  ) throws -> [Result<[ProbeResult], Diagnostic>] {
    guard prepared.forest.probeCount > 0 else { return sources.map { _ in .success([]) } }
    return try engine.score(prepared.forest, sources: sources, memory: memory)
  }

  /// Closes the texts that the pass has left open, and counts the tokens that this takes.
  private func decode(
    _ outcome: Result<CandidateAnswers, Diagnostic>, of source: any WeightSource, memory: Int
  ) throws -> Result<(answers: CandidateAnswers, tokens: Int), Diagnostic> {
    do {
      var answers = try outcome.get()
      if answers.openTexts.isEmpty { return .success((answers, 0)) }
      let model = try engine.load(source)
      let requests = answers.openTexts.map { text in
        GenerationRequest(
          prompt: text.prompt, accepted: text.begun, limit: text.rule.limit,
          endTokens: text.rule.endTokens, shouldStop: { text.rule.endsInStop($0) })
      }
      let responses = try model.generate(requests, memory: max(0, memory - model.byteCount))
      let tokens = zip(answers.openTexts, responses).reduce(0) {
        $0 + $1.0.prompt.count + $1.1.tokens.count
      }
      answers.close(with: responses.map(\.tokens))
      return .success((answers, tokens))
    } catch let problem as Diagnostic {
      return .failure(problem)
    }
  }
}

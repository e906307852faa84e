import Checkpoints
import Diagnostics
import Evaluation
import Kernels
import MergeEngine
import PopulationStore
import Randomness
import Recipes
import SearchSpaces
import Tasks

extension SearchInputs {
  // MARK: Mask seeds

  /// The mask seed of a candidate's own recipe; 0 where nothing is random.
  func maskSeed(of candidate: Candidate) -> UInt64 {
    isStochastic(candidate) ? configuration.seed : 0
  }

  /// The mask seeds under which validation and test judge a candidate.
  func judgingMaskSeeds(of candidate: Candidate) -> [UInt64] {
    guard isStochastic(candidate) else { return [0] }
    return (0..<UInt64(FinalistCost.maskSeeds)).map { configuration.seed &+ $0 }
  }

  private func isStochastic(_ candidate: Candidate) -> Bool {
    guard let text = candidate.recipe else { return false }
    return stochasticRecipes.contains(text)
  }

  // MARK: Weights

  /// Where a candidate's weights come from.
  ///
  /// - Throws: ``Diagnostic`` if the merge is impossible.
  func source(of candidate: Candidate, maskSeed: UInt64) throws -> any WeightSource {
    guard let text = candidate.recipe else {
      if candidate.kind == .base { return base.checkpoint }
      guard let expert = experts.first(where: { $0.name == candidate.name }) else {
        throw Diagnostic(
          "there is no expert '\(candidate.name ?? "")'", at: configuration.file,
          fix: "resume the search with the models that it was started with")
      }
      return expert.model.checkpoint
    }
    let location = "candidate \(candidate.id)"
    let document = try RecipeDocument.parse(text: text, location: location)
    let seeded = try RecipeDocument(
      document.stages.map { stage in
        var stage = stage
        if stage.method.isStochastic { stage.maskSeed = maskSeed }
        return stage
      }, location: location)
    return try MergePlan.build(seeded, library: library, statistics: statistics)
  }

  // MARK: Scores

  /// Share of a full pass that a candidate is charged for one split.
  func cost(of split: BenchmarkSplit) -> Double { 1 }

  /// Scores candidates together on a whole split.
  func score(
    _ entries: [(candidate: Candidate, maskSeed: UInt64)], _ manner: ScoringManner
  ) throws -> [Result<ScoreSheet, Diagnostic>] {
    try evaluate(entries, manner, on: prepared[manner]).map { result in
      result.flatMap { evaluation in
        let sheet = sheet(of: evaluation, manner)
        return sheet.score.isFinite ? .success(sheet) : .failure(Self.infiniteScore(sheet.score))
      }
    }
  }

  /// What is wrong with a candidate whose score is no number that can be compared.
  static func infiniteScore(_ score: Double) -> Diagnostic {
    Diagnostic(
      "the score is \(score): some texts are too improbable for a perplexity", at: "candidate",
      fix: "tell the optimizer bits_per_byte, or narrow the ranges of the space")
  }

  /// Evaluates candidates together; one whose merge or forward pass fails is a failure of its own.
  func evaluate(
    _ entries: [(candidate: Candidate, maskSeed: UInt64)], _ manner: ScoringManner,
    on prepared: PreparedEvaluation
  ) throws -> [Result<ModelEvaluation, Diagnostic>] {
    var results = [Result<ModelEvaluation, Diagnostic>?](repeating: nil, count: entries.count)
    var sources: [(index: Int, source: any WeightSource)] = []
    let built = try pool.map(entries.count) { index -> Result<any WeightSource, Diagnostic> in
      do {
        let entry = entries[index]
        return .success(try source(of: entry.candidate, maskSeed: entry.maskSeed))
      } catch let problem as Diagnostic {
        return .failure(problem)
      }
    }
    for (index, outcome) in built.enumerated() {
      switch outcome {
      case .success(let source): sources.append((index, source))
      case .failure(let problem): results[index] = .failure(problem)
      }
    }
    let evaluations = try evaluator(manner).evaluate(
      sources.map(\.source), on: prepared, memory: forwardMemory)
    for ((index, _), evaluation) in zip(sources, evaluations) { results[index] = evaluation }
    return results.map { result in
      guard let result else { preconditionFailure("an entry has no result") }
      return result
    }
  }

  private func sheet(of evaluation: ModelEvaluation, _ manner: ScoringManner) -> ScoreSheet {
    let headline = evaluation.headline(weights: weights, aggregate: aggregate(manner))
    return ScoreSheet(
      score: headline.value, standardError: headline.standardError,
      requestedTokens: evaluation.requestedTokens, tasks: evaluation.tasks.map(Self.sheet(of:)))
  }

  private static func sheet(of task: TaskResult) -> ScoreSheet.TaskSheet {
    let positions = Array(task.items.indices)
    var texts: [(position: Int, text: String)] = []
    for (position, item) in task.items.enumerated() {
      if case .generation(let text?, _) = item.detail { texts.append((position, text)) }
    }
    return ScoreSheet.TaskSheet(
      score: Evaluation.TaskScore(
        task: task.task, metric: task.objective.name.rawValue, value: task.score.value,
        standardError: task.score.standardError, count: task.items.count,
        decoded: task.decodedItems, changed: task.forcedDifferences),
      items: table(of: task, rows: positions, at: positions), texts: texts)
  }

  /// Some of a task's results, which are those of the items at `positions` of the split.
  private static func table(
    of task: TaskResult, rows: [Int], at positions: [Int]
  ) -> ItemTable {
    var columns = task.metrics.map { metric in
      let values = task.values(of: metric)
      return ItemTable.Column(metric.name.rawValue, ItemTable.Values(rows.map { values[$0] }))
    }
    columns += ItemTable.detailColumns(of: rows.map { task.items[$0] })
    return ItemTable(positions: positions, columns: columns)
  }

  /// The results of the items at `wanted` as a block, out of an evaluation of those at `asked`; both by task,
  /// ascending.
  func blocks(
    of evaluation: ModelEvaluation, _ key: EvaluationKey, number: Int, asked: [[Int]],
    wanted: [[Int]]
  ) -> [ItemBlock] {
    evaluation.tasks.enumerated().compactMap { index, task in
      let members = Set(wanted[index])
      guard !members.isEmpty else { return nil }
      let rows = asked[index].indices.filter { members.contains(asked[index][$0]) }
      return ItemBlock(
        key: key, task: task.task, block: number,
        items: Self.table(of: task, rows: rows, at: wanted[index]))
    }
  }

  // MARK: Comparisons

  /// The objective's values of every task, item by item, from stored blocks.
  ///
  /// - Throws: ``Diagnostic`` if an item or a metric is missing.
  func objectiveValues(_ blocks: [ItemBlock], _ manner: ScoringManner) throws -> [[ItemValue]] {
    try prepared[manner].tasks.map { prepared in
      let task = prepared.task
      let metric = prepared.objective.name.rawValue
      var values = [ItemValue?](repeating: nil, count: task.itemCount(in: Split(manner.split)))
      for block in blocks where block.task == task.name {
        guard let column = block.items[metric]?.itemValues else { continue }
        for (position, value) in zip(block.items.positions, column)
        where values.indices.contains(position) {
          values[position] = value
        }
      }
      return try values.map { value in
        guard let value else {
          throw Diagnostic(
            "an item of task '\(task.name)' has no value of \(metric)", at: "item_result",
            fix: "restore the store from a copy")
        }
        return value
      }
    }
  }

  /// How much better the first is than the second on the test items.
  func pairedDifference(
    _ first: [[ItemValue]], _ second: [[ItemValue]], level: Double, seed: UInt64
  ) throws -> PairedDifference {
    let strata = try tasks.indices.map { index in
      let task = tasks[index]
      let items = try task.items(in: .test)
      let clusters = items.compactMap(\.cluster)
      return PairedStratum(
        task: task.name, weight: weights[index],
        metric: prepared.test.tasks[index].objective, first: first[index],
        second: second[index], itemWeights: items.map(\.weight),
        clusters: clusters.count == items.count ? clusters : nil)
    }
    return PairedBootstrap(seed: seed, level: level).compare(strata)
  }
}

extension Split {
  init(_ split: BenchmarkSplit) {
    self =
      switch split {
      case .search: .search
      case .validation: .validation
      case .test: .test
      }
  }
}

extension BenchmarkSplit {
  init(_ split: Split) {
    self =
      switch split {
      case .search: .search
      case .validation: .validation
      case .test: .test
      }
  }
}

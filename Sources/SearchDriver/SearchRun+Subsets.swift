import Diagnostics
import Evaluation
import PopulationStore
import Tasks

/// A baseline on the subset that a generation sees.
struct SubsetControl {
  var items: SeenItems
  var seenScore: Double
  var fullScore: Double
}

extension SearchInputs {
  /// The tasks with the clusters of their search items.
  func searchClusters() throws -> [(name: String, clusters: [String?])] {
    try tasks.map { (name: $0.name, clusters: try $0.items(in: .search).map(\.cluster)) }
  }

  /// What a score on seen items says of the score on all.
  func estimate(
    _ score: Double, of seen: SeenItems, _ manner: ScoringManner, itemWeights: [[Double]],
    _ controls: [SubsetControl]
  ) throws -> Double {
    let mass = weights.reduce(0, +)
    var shares: [Double] = []
    for index in tasks.indices {
      let items = try tasks[index].items(in: .search)
      let own = seen.positions[index].map { items[$0].weight * itemWeights[index][$0] }
      let sum = own.reduce(0, +)
      shares += own.map { weights[index] / mass * $0 / max(sum, .leastNormalMagnitude) }
    }
    // Better is higher in all of them, as in the scores.
    func utilities(_ items: SeenItems) -> [Double] {
      tasks.indices.flatMap { index in
        let metric = objective(ofTask: index, manner)
        return items.values[index].map { metric.utility($0.numerator) }
      }
    }
    return FullScoreEstimate.score(
      score, values: utilities(seen), weights: shares,
      controls: controls.map {
        FullScoreEstimate.Control(
          values: utilities($0.items), seenScore: $0.seenScore, fullScore: $0.fullScore)
      })
  }
}

extension SearchRun {
  /// A baseline with its score and its values on all search items.
  typealias ScoredBaseline = (key: EvaluationKey, score: Double, items: SeenItems)

  /// The baselines that have a score on the search split, in their order.
  func baselines(_ manner: ScoringManner) throws -> [ScoredBaseline] {
    if let known = knownBaselines { return known }
    let baselines = try store.candidates(.baselines).compactMap { candidate -> ScoredBaseline? in
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      guard let evaluation = try store.evaluation(key) else { return nil }
      return (key, evaluation.score, try inputs.seen(try store.itemBlocks(key), manner))
    }
    knownBaselines = baselines
    return baselines
  }

  /// How the items are cut into blocks, and how often each is asked: from what the baselines made of them.
  func itemPlaces() throws -> [ItemPlace] {
    guard let settings = inputs.settings.blocks else { return [] }
    let clusters = try inputs.searchClusters()
    var weights = clusters.map { [Double](repeating: 1, count: $0.clusters.count) }
    if let share = settings.subset {
      let manner = try searchManner(try store.search())
      let baselines = try baselines(manner)
      let units = clusters.map { ItemBlocks.units($0.clusters) }
      let tasks = units.enumerated().map { task, units in
        units.map { unit in
          InformativeItems.Unit(
            variance: unit.reduce(0) { sum, position in
              sum + variance(of: baselines.map { $0.items.values[task][position].numerator })
            } / Double(unit.count),
            tokens: unit.reduce(0) { sum, position in
              sum + inputs.prepared[manner].tasks[task].itemTokens[position]
            })
        }
      }
      let chosen = InformativeItems.probabilities(tasks, share: share)
      for (task, units) in units.enumerated() {
        for (unit, positions) in units.enumerated() {
          for position in positions { weights[task][position] = 1 / chosen[task][unit] }
        }
      }
    }
    return ItemBlocks.places(
      of: clusters, count: settings.count, weights: weights, seed: inputs.configuration.seed)
  }

  private func variance(of values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))
  }

  /// Scores what finalists that were observed on a subset have not seen.
  func completeSubsets(_ finalists: [Candidate], _ manner: ScoringManner) throws {
    guard let settings = inputs.settings.blocks, settings.subset != nil else { return }
    for candidate in finalists {
      let maskSeed = inputs.maskSeed(of: candidate)
      let key = manner.key(candidate.id, maskSeed: maskSeed)
      if case .failed = try store.candidate(candidate.id).status { continue }
      guard let evaluation = try store.evaluation(key), !evaluation.isComplete else { continue }
      let known = try store.itemBlocks(key)
      let seen = try inputs.seen(known, manner)
      let missing = try inputs.tasks.indices.map { task in
        let own = Set(seen.positions[task])
        return try inputs.tasks[task].items(in: .search).indices.filter { !own.contains($0) }
      }
      let requests = try inputs.evaluator.prepare(
        [.search], standard: .never, tellsOptimizer: true, items: missing)
      try commitWave(manner, passes: 1 - evaluation.cost, stop: {}) {
        var wave = Wave()
        switch try inputs.evaluate([(candidate, maskSeed)], manner, on: requests)[0] {
        case .failure(let reason): wave.statuses[candidate.id] = .failed(reason.description)
        case .success(let result):
          wave.blocks = inputs.blocks(
            of: result, key, number: settings.count, asked: missing, wanted: missing)
          let all = try inputs.seen(known + wave.blocks, manner)
          let ones = all.positions.map { [Double](repeating: 1, count: $0.count) }
          do {
            wave.completions = [try inputs.evaluation(key, of: all, manner, itemWeights: ones)]
          } catch let problem as Diagnostic {
            wave.statuses[candidate.id] = .failed(problem.description)
          }
        }
        return wave
      }
    }
  }
}

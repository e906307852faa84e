import Diagnostics
import Evaluation
import PopulationStore
import Tasks

/// What one candidate has done with some items of the search split: values of the objective.
struct SeenItems {
  /// By task, ascending.
  var positions: [[Int]]
  /// By task, one per position.
  var values: [[ItemValue]]
  /// By task how many were decoded, and how many of these score otherwise than the forced pass has them.
  var decoded: [Int]
  var changed: [Int]

  /// Number of items over all tasks.
  var count: Int { positions.reduce(0) { $0 + $1.count } }

  /// What is left of it at some positions, by task and ascending.
  func restricted(to wanted: [[Int]]) -> SeenItems {
    var part = SeenItems(positions: [], values: [], decoded: decoded, changed: changed)
    for (task, wanted) in wanted.enumerated() {
      let members = Set(wanted)
      let rows = positions[task].indices.filter { members.contains(positions[task][$0]) }
      part.positions.append(rows.map { positions[task][$0] })
      part.values.append(rows.map { values[task][$0] })
    }
    return part
  }
}

extension SearchInputs {
  /// The metric that counts in a manner of scoring.
  func objective(ofTask task: Int, _ manner: ScoringManner) -> Metric {
    prepared[manner].tasks[task].objective
  }

  /// The values of the objective that stored blocks hold.
  ///
  /// - Throws: ``Diagnostic`` if a block lacks the objective's metric.
  func seen(_ blocks: [ItemBlock], _ manner: ScoringManner) throws -> SeenItems {
    var seen = SeenItems(positions: [], values: [], decoded: [], changed: [])
    for (index, task) in tasks.enumerated() {
      let metric = objective(ofTask: index, manner).name.rawValue
      var items: [(position: Int, value: ItemValue)] = []
      let isUnproved = prepared[manner].tasks[index].decoding == .unproved
      var (decoded, changed) = (0, 0)
      for block in blocks where block.task == task.name {
        guard let column = block.items[metric]?.itemValues else {
          throw Diagnostic(
            "block \(block.block) of task '\(task.name)' has no values of \(metric)",
            at: "item_result", fix: "restore the store from a copy")
        }
        items += zip(block.items.positions, column).map { ($0, $1) }
        guard case .integers(let evidence)? = block.items["evidence"] else { continue }
        for (known, value) in zip(evidence, column)
        where known == Int(GenerationEvidence.decoded.rawValue) {
          decoded += 1
          if isUnproved, value.numerator != 0 { changed += 1 }
        }
      }
      items.sort { $0.position < $1.position }
      seen.positions.append(items.map(\.position))
      seen.values.append(items.map(\.value))
      seen.decoded.append(decoded)
      seen.changed.append(changed)
    }
    return seen
  }

  /// The evaluation over the items that a candidate has seen, each standing for as many as `itemWeights`
  /// say; charged for its share of the tokens.
  ///
  /// - Throws: ``Diagnostic`` if the score is not finite.
  func evaluation(
    _ key: EvaluationKey, of seen: SeenItems, _ manner: ScoringManner, itemWeights: [[Double]]
  ) throws -> Evaluation {
    var scores: [Evaluation.TaskScore] = []
    var utilities: [Score] = []
    let seenTasks = tasks.indices.filter { !seen.positions[$0].isEmpty }
    for index in seenTasks {
      let metric = objective(ofTask: index, manner)
      let units = try units(ofTask: index, seen.positions[index], itemWeights[index])
      let score = metric.score(seen.values[index], weights: units.weights, clusters: units.clusters)
      utilities.append(
        Score(
          value: metric.utility(score.value), standardError: score.standardError,
          count: score.count))
      scores.append(
        Evaluation.TaskScore(
          task: tasks[index].name, metric: metric.name.rawValue, value: score.value,
          standardError: score.standardError, count: score.count, decoded: seen.decoded[index],
          changed: seen.changed[index]))
    }
    let headline = TaskAggregate.mean.score(utilities, weights: seenTasks.map { weights[$0] })
    guard headline.value.isFinite else { throw Self.infiniteScore(headline.value) }
    let whole = prepared[manner]
    let tokens = tasks.indices.reduce(0) { sum, task in
      seen.positions[task].reduce(sum) { $0 + whole.tasks[task].itemTokens[$1] }
    }
    let isComplete = tasks.indices.allSatisfy {
      seen.positions[$0].count == whole.tasks[$0].items.count
    }
    return Evaluation(
      key: key, score: headline.value, standardError: headline.standardError,
      requestedTokens: tokens,
      cost: isComplete ? 1 : Double(tokens) / Double(max(1, whole.requestedTokens)),
      isComplete: isComplete, tasks: scores)
  }

  /// Two candidates on the items that both have seen, task by task; tasks without any are left out.
  ///
  /// - Precondition: Both have seen the same items.
  func strata(
    _ first: SeenItems, _ second: SeenItems, _ manner: ScoringManner, itemWeights: [[Double]]
  ) throws -> [PairedStratum] {
    precondition(first.positions == second.positions, "the two have not seen the same items")
    return try tasks.indices.filter { !first.positions[$0].isEmpty }.map { index in
      let units = try units(ofTask: index, first.positions[index], itemWeights[index])
      return PairedStratum(
        task: tasks[index].name, weight: weights[index], metric: objective(ofTask: index, manner),
        first: first.values[index], second: second.values[index], itemWeights: units.weights,
        clusters: units.clusters)
    }
  }

  /// The weights of items within their task, and their clusters if the task has any.
  private func units(
    ofTask task: Int, _ positions: [Int], _ itemWeights: [Double]
  ) throws -> (weights: [Double], clusters: [String]?) {
    let items = try tasks[task].items(in: .search)
    let clusters = positions.compactMap { items[$0].cluster }
    return (
      positions.map { items[$0].weight * itemWeights[$0] },
      clusters.count == positions.count ? clusters : nil
    )
  }
}

import Diagnostics
import PopulationStore

extension GenerationCycle {
  /// Why no further generation is opened although the budget would pay for it; nil if nothing speaks
  /// against it.
  ///
  /// A function of the stored scores. The rules end a search once: an extension runs to its new budget.
  func earlyStop(_ search: StoredSearch) throws -> String? {
    let rules = problem.configuration
    guard rules.target != nil || rules.stagnation != nil, search.budgets.count == 1 else {
      return nil
    }
    let best = try bestScores(search)
    if let target = rules.target, let score = best.compactMap({ $0 }).max(), score >= target {
      return "the target \(fixed(target, 4)) is reached"
    }
    guard let limit = rules.stagnation else { return nil }
    var record = -Double.infinity
    var idle = 0
    for score in best {
      if let score, score > record {
        record = score
        idle = 0
      } else {
        idle += 1
      }
    }
    return idle >= limit ? "\(idle) generations have not improved on \(fixed(record, 4))" : nil
  }

  /// Best score on the search split of each generation, in order; nil where all candidates failed.
  private func bestScores(_ search: StoredSearch) throws -> [Double?] {
    let scores = try searchScores(search)
    return try store.generations().map { generation in
      try store.candidates(.generation(run: generation.run, number: generation.number))
        .compactMap { scores[$0.duplicateOf ?? $0.id] }.max()
    }
  }

  /// Complete scores on the search split, in the manner of this search, or what was told instead.
  func searchScores(_ search: StoredSearch) throws -> [Candidate.ID: Double] {
    let evaluations = try store.evaluations(split: .search).filter {
      $0.key.precision == search.precision && $0.key.decode == search.decode && $0.isComplete
    }
    var scores = Dictionary(
      evaluations.map { ($0.key.candidate, $0.score) }, uniquingKeysWith: { first, _ in first })
    for candidate in try store.candidates(.kind(.search)) {
      if let told = candidate.told { scores[candidate.id] = told }
    }
    return scores
  }

  /// Warns when two generations and more have given one and the same score: nothing can be learnt then.
  func warnOfConstantScores(_ search: StoredSearch) throws {
    let generations = try store.generations().filter { $0.outcome == .closed }
    guard generations.count == 2 else { return }
    let scores = try searchScores(search)
    let seen = Set(
      try store.candidates(.kind(.search)).compactMap { scores[$0.duplicateOf ?? $0.id] })
    guard seen.count == 1, let score = seen.first else { return }
    note(
      "warning: every candidate so far scores \(fixed(score, 4)): the tasks do not tell these merges "
        + "apart; an objective that varies smoothly (gold_prob, logprob) or other questions would")
  }
}

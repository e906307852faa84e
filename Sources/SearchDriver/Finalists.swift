import Diagnostics
import Optimizers
import PopulationStore
import SearchSpaces

extension GenerationCycle {
  /// The finalists of this round, entered into the store if they are not yet.
  func enterFinalists(round: Int) throws -> [Candidate] {
    var entered = try store.finalists(round: round)
    if entered.isEmpty {
      var made: [(candidate: NewCandidate, origin: String)] = []
      var chosen: [Finalist] = []
      var fingerprints: Set<UInt64> = []
      for proposal in try proposedFinalists() {
        let fingerprint = problem.space.fingerprint(proposal.genome)
        guard fingerprints.insert(fingerprint).inserted else { continue }
        if let known = try store.candidate(fingerprint: fingerprint) {
          chosen.append(Finalist(candidate: known.id, origin: proposal.origin))
        } else {
          let candidate = try problem.newCandidate(
            proposal.genome, kind: .finalist, name: proposal.origin)
          made.append((candidate, proposal.origin))
        }
      }
      guard !(made.isEmpty && chosen.isEmpty) else {
        throw StorageError.failed(
          Diagnostic(
            "there is no scored candidate to choose from", at: store.path,
            fix: "let the search run longer: `mergevolve resume \(store.path)`"))
      }
      entered = try store.enter(round: round, made: made, chosen: chosen)
    }
    return try entered.map { try store.candidate($0.candidate) }
  }

  /// The candidates that validation chooses from, in order: the distribution's mean with its modal
  /// categories; for each of the most probable combinations of categories the ranking-weighted mean of
  /// the observed candidates that have it; with several objectives those that no other beats in every
  /// task; the best distinct observed candidates.
  func proposedFinalists() throws -> [(genome: Genome, origin: String)] {
    let observed = try observedCandidates()
    let space = problem.space
    var finalists: [(genome: Genome, origin: String)] = []
    if let optimizer = try latestOptimizer() {
      let recommendation = optimizer.recommendation
      if let mean = recommendation.mean {
        finalists.append((mean, Finalist.meanOrigin))
      }
      for combination in recommendation.combinations.prefix(FinalistCost.combinations) {
        let mean = combination.weightedMean(
          of: observed.map { ($0.genome, $0.score) }, in: space)
        if let mean {
          finalists.append((mean, "mean of " + describe(combination, in: space)))
        }
      }
    }
    if problem.objectives > 1 {
      for index in ParetoRanking.front(of: observed.map(\.scores)).prefix(FinalistCost.frontMembers)
      {
        finalists.append((observed[index].genome, "Pareto front"))
      }
    }
    var seen: Set<UInt64> = []
    for candidate in observed.sorted(by: { ($1.score, $0.id) < ($0.score, $1.id) })
    where seen.count < FinalistCost.observed {
      if seen.insert(space.fingerprint(candidate.genome)).inserted {
        finalists.append((candidate.genome, "observed, rank \(seen.count)"))
      }
    }
    return finalists
  }

  /// The optimizer after everything that it was told.
  private func latestOptimizer() throws -> AnyOptimizer? {
    guard let last = try store.generations().last else { return nil }
    var optimizer = try optimizer(opening: last)
    if last.outcome != .open { try tell(&optimizer, last) }
    return optimizer
  }

  private struct Observed {
    let id: Candidate.ID
    let genome: Genome
    let score: Double
    /// What the optimizer was told.
    let scores: [Double]
  }

  /// Search candidates with a score of their own, in the order of their numbers.
  private func observedCandidates() throws -> [Observed] {
    let search = try store.search()
    return try store.candidates(.kind(.search)).compactMap {
      candidate -> Observed? in
      guard candidate.duplicateOf == nil, let genome = candidate.genome else { return nil }
      let key = search.searchKey(candidate.id, maskSeed: problem.maskSeed(of: candidate))
      guard let evaluation = try store.evaluation(key),
        evaluation.isComplete || candidate.told != nil
      else { return nil }
      return Observed(
        id: candidate.id, genome: genome, score: candidate.told ?? evaluation.score,
        scores: try problem.toldScores(of: evaluation, search))
    }
  }

  private func describe(_ combination: CategoryCombination, in space: SearchSpace) -> String {
    combination.choices.map { choice in
      let parameter = space.parameters[choice.parameter]
      guard case .categorical(let names, _) = parameter.kind,
        names.indices.contains(Int(choice.value))
      else { return "\(parameter.name) \(Int(choice.value))" }
      return "\(parameter.name) \(names[Int(choice.value)])"
    }.joined(separator: ", ")
  }
}

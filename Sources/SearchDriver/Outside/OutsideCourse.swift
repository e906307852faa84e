import PopulationStore

/// The course of a search whose scores come from outside: who is to be scored next.
///
/// A function of the store: whoever brings the scores, in whatever order, the candidates are the same.
struct OutsideCourse {
  let cycle: GenerationCycle
  /// Whether the search ends with finalists of its own; else `finish` validates it.
  let endsItself: Bool

  private var store: PopulationStore { cycle.store }

  /// The candidates that wait for a result; none: nothing is left to be scored.
  ///
  /// Does first what the results allow: closes a generation, opens the next one, enters finalists.
  func pending() throws -> [Candidate] {
    while true {
      let search = try store.search()
      switch search.phase {
      case .finished, .stalled: return []
      case .finalists:
        guard endsItself else { return [] }
        let open = try unscored(try finalists())
        if open.isEmpty { try store.end(event: cycle.event("concluded")) }
        return open
      case .baselines, .searching:
        let baselines = try unscored(try store.candidates(.baselines))
        guard baselines.isEmpty else { return baselines }
        if let generation = try store.openGeneration() {
          let candidates = try cycle.candidates(of: generation)
            .filter { try cycle.original(of: $0) == nil }
          let open = try unscored(candidates)
          guard open.isEmpty else { return open }
          try cycle.close(generation, told: try cycle.optimizer(opening: generation))
        } else if try store.generations().isEmpty {
          try cycle.open(try cycle.problem.makeOptimizer(seed: search.seed, start: nil))
        } else if endsItself {
          try enterFinalists()
        } else {
          return []
        }
      }
    }
  }

  /// Gives up what is not scored yet and goes on to the finalists.
  func skipToFinalists() throws {
    let phase = try store.search().phase
    if phase == .baselines || phase == .searching { try enterFinalists() }
  }

  private func unscored(_ candidates: [Candidate]) throws -> [Candidate] {
    let search = try store.search()
    return try candidates.filter { candidate in
      if case .failed = candidate.status { return false }
      let key = search.searchKey(candidate.id, maskSeed: cycle.problem.maskSeed(of: candidate))
      return try store.evaluation(key) == nil
    }
  }

  /// The candidates of the last round of finalists.
  private func finalists() throws -> [Candidate] {
    try store.finalists(round: try store.lastFinalistRound()).map {
      try store.candidate($0.candidate)
    }
  }

  private func enterFinalists() throws {
    _ = try cycle.enterFinalists(round: try store.lastFinalistRound() + 1)
  }
}

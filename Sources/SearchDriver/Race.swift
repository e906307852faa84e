import PopulationStore
import Tasks

/// One look at a generation in which candidates that are behind stop.
///
/// A candidate stops when its paired difference to the last of the leaders, the μ best so far, is
/// negative with the confidence of the settings (a paired t-race against the worst that would be
/// selected, as in irace: López-Ibáñez et al. 2016; here with the normal limit and the correction for
/// items drawn without replacement). The leaders themselves go on, so at least μ run to the end. A
/// function of stored results alone.
struct Race {
  struct Runner {
    let candidate: Candidate.ID
    let score: Double
    let seen: SeenItems
  }

  struct Stop: Hashable {
    let candidate: Candidate.ID
    /// Of its score to that of the last leader; negative.
    let difference: Double
    /// That it was not behind.
    let doubt: Double
  }

  /// Candidates that the optimizer selects (μ).
  let leaders: Int
  let confidence: Double

  /// Who stops, in the order of `runners`; `compare` holds the first of two against the second.
  func stops(
    _ runners: [Runner], compare: (SeenItems, SeenItems) throws -> PairedEstimate
  ) rethrows -> [Stop] {
    guard leaders > 0, runners.count > leaders else { return [] }
    let order = runners.indices.sorted {
      (runners[$1].score, runners[$0].candidate) < (runners[$0].score, runners[$1].candidate)
    }
    let last = runners[order[leaders - 1]]
    let behind = Set(order[leaders...])
    return try runners.indices.compactMap { index in
      guard behind.contains(index) else { return nil }
      let estimate = try compare(runners[index].seen, last.seen)
      guard estimate.probability < 1 - confidence else { return nil }
      return Stop(
        candidate: runners[index].candidate, difference: estimate.value,
        doubt: estimate.probability)
    }
  }
}

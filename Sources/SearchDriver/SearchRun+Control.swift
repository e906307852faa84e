import Diagnostics
import Optimizers
import PopulationStore
import Randomness
import SearchSpaces

/// `control: random`: as many candidates as the search had, drawn from the distribution that it began with.
///
/// They show what the budget would have found without learning. The optimizer is told nothing of them,
/// their best ones go through validation as the finalists do, and the best of these meets the winner on test.
extension SearchRun {
  /// The random candidates that validation chooses from, scored on the search split; empty without a control.
  func scoreControls(_ search: StoredSearch) throws -> [Candidate] {
    guard inputs.configuration.control == .random else { return [] }
    try enterControls(search)
    let manner = try searchManner(search)
    let controls = try store.candidates(.kind(.control))
    let own = controls.filter { $0.duplicateOf == nil }
    if !own.isEmpty {
      note("scoring \(own.count) random candidates of the control on the search split")
      try score(own.map { ($0, inputs.maskSeed(of: $0)) }, manner, keepsTexts: false)
    }
    return try best(of: controls, manner)
  }

  /// Draws those that are missing: one for every pass over the search split that the search was charged.
  ///
  /// A random candidate sees all items. Candidate number i is a function of the seed and i alone, so an
  /// extended search keeps those that it has.
  private func enterControls(_ search: StoredSearch) throws {
    let entered = try store.candidates(.kind(.control)).count
    let wanted = Int((try store.chargedCost() + 1e-9).rounded(.down))
    guard wanted > entered else { return }
    let genomes = try inputs.controlGenomes(
      wanted, seed: search.seed, start: try startingMerge(search)?.genome)
    var seen: [UInt64: Candidate.ID] = [:]
    for candidate in try store.candidates(.kind(.control)) where candidate.duplicateOf == nil {
      seen[candidate.fingerprint] = candidate.id
    }
    var next = try store.candidates().count + 1
    let new = try genomes.dropFirst(entered).map { genome -> NewCandidate in
      var candidate = try inputs.newCandidate(genome, kind: .control, name: nil)
      let known = try store.candidate(fingerprint: candidate.fingerprint)?.id
      candidate.duplicateOf = known ?? seen[candidate.fingerprint]
      if candidate.duplicateOf == nil { seen[candidate.fingerprint] = next }
      next += 1
      return candidate
    }
    try store.enterControls(new, event: event("control"))
  }

  /// As many of the best distinct ones as a search has observed finalists.
  private func best(of controls: [Candidate], _ manner: ScoringManner) throws -> [Candidate] {
    var scored: [(candidate: Candidate, score: Double)] = []
    var seen: Set<Candidate.ID> = []
    for control in controls {
      let original = try control.duplicateOf.map { try store.candidate($0) } ?? control
      guard seen.insert(original.id).inserted else { continue }
      let key = manner.key(original.id, maskSeed: inputs.maskSeed(of: original))
      guard let evaluation = try store.evaluation(key), evaluation.isComplete else { continue }
      scored.append((original, evaluation.score))
    }
    return scored.sorted { ($1.score, $0.candidate.id) < ($0.score, $1.candidate.id) }
      .prefix(FinalistCost.observed).map(\.candidate)
  }
}

extension SearchInputs {
  /// The first `count` random candidates from the distribution in which a search begins.
  func controlGenomes(_ count: Int, seed: UInt64, start: Genome?) throws -> [Genome] {
    var optimizerSettings = OptimizerSettings(
      budget: settings.spaceBudget, populationSize: max(count, 4), warmStart: settings.warmStart)
    if let start { optimizerSettings.start(at: start, in: mergeSpace.space) }
    // A seed of its own, since a search may itself draw from there.
    let optimizer = try AnyOptimizer(
      "random-start", space: mergeSpace.space, settings: optimizerSettings,
      seed: SplitMix64.output(seed ^ fnv1a64("control".utf8)),
      at: "\(configuration.file): search.control")
    return optimizer.population.prefix(count).map(\.genome)
  }
}

import Diagnostics
import Foundation
import Optimizers
import PopulationStore
import SearchSpaces

/// Opens, tells and closes the generations of a search, whoever scores the candidates.
///
/// Everything is a function of the store and the seed.
struct GenerationCycle {
  let problem: any SearchProblem
  let store: PopulationStore
  /// Receives what people should know.
  let note: (String) -> Void
  let event: (String) -> Event

  /// Generations that may leave the distribution unchanged, one after the other, before a search stops.
  private static let voidLimit = 3

  /// The optimizer as it was when it had proposed this generation, its proposals checked.
  func optimizer(opening generation: Generation) throws -> AnyOptimizer {
    guard let state = generation.state else {
      throw Diagnostic(
        "generation \(generation.number) has no optimizer state", at: store.path,
        fix: "restore the store from a copy")
    }
    let optimizer = try problem.decodeOptimizer(state, at: store.path)
    guard
      optimizer.population.map(\.genome) == (try candidates(of: generation)).compactMap(\.genome)
    else {
      throw Diagnostic(
        "the optimizer proposes other candidates for generation \(generation.number) than it did",
        at: store.path,
        fix: "resume it with the version of mergevolve that wrote it")
    }
    return optimizer
  }

  func candidates(of generation: Generation) throws -> [Candidate] {
    try store.candidates(.generation(run: generation.run, number: generation.number))
  }

  /// The open generation of the optimizer: its state, and one candidate per proposal.
  func proposals(of optimizer: AnyOptimizer) throws -> NewGeneration {
    let population = optimizer.population
    guard let first = population.first else {
      throw StorageError.failed(
        Diagnostic("the optimizer proposes nothing", at: store.path, fix: "report this"))
    }
    let candidates = try population.map { proposal -> NewCandidate in
      var candidate = try problem.newCandidate(proposal.genome, kind: .search, name: nil)
      candidate.proposal = Candidate.Proposal(
        run: proposal.id.run, generation: proposal.id.generation, index: proposal.id.index)
      candidate.point = proposal.point
      candidate.duplicateOf = try store.candidate(fingerprint: candidate.fingerprint)?.id
      return candidate
    }
    return NewGeneration(
      run: first.id.run, number: first.id.generation, state: try problem.encode(optimizer),
      candidates: candidates)
  }

  // MARK: Opening

  /// Opens the first generation.
  func open(_ optimizer: AnyOptimizer) throws {
    try store.open(try proposals(of: optimizer), event: event("opened"))
  }

  /// Goes on after an extension of a search whose last generation is closed.
  func reopen(_ search: StoredSearch) throws {
    guard let last = try store.generations().last else { return }
    var optimizer = try optimizer(opening: last)
    try tell(&optimizer, last)
    guard try affords(optimizer.population.count, search) else { return }
    try open(optimizer)
  }

  /// Whether the budget pays for a whole generation of this size.
  private func affords(_ size: Int, _ search: StoredSearch) throws -> Bool {
    guard search.plan != nil, let evaluations = search.budget.evaluations else { return false }
    let searchable = Double(evaluations) - search.budget.reserve
    // Sums of exact whole passes; the slack is for shares of passes.
    return try store.chargedCost() + Double(size) * problem.passShare <= searchable + 1e-9
  }

  // MARK: Telling

  /// The earlier candidate whose result counts for this one.
  func original(of candidate: Candidate) throws -> Candidate? {
    if let id = candidate.duplicateOf { return try store.candidate(id) }
    let twin = try store.candidate(
      fingerprint: candidate.fingerprint, proposedWith: candidate.proposal)
    guard let first = twin,
      first.id < candidate.id
    else { return nil }
    return first
  }

  /// What the optimizer is told of a candidate: always the same for the same store.
  private func outcome(of candidate: Candidate, _ search: StoredSearch) throws -> Outcome {
    // A finalist may have failed on another split since; what the optimizer was told stays true.
    let scored = try original(of: candidate) ?? candidate
    if case .stopped(let block, let difference) = scored.status {
      return .stopped(block: block, difference: difference)
    }
    if let told = scored.told { return .scores([told]) }
    let key = search.searchKey(scored.id, maskSeed: problem.maskSeed(of: scored))
    guard let evaluation = try store.evaluation(key) else { return .invalid }
    return .scores(try problem.toldScores(of: evaluation, search))
  }

  func tell(_ optimizer: inout AnyOptimizer, _ generation: Generation) throws {
    let search = try store.search()
    for candidate in try candidates(of: generation) {
      guard let proposal = candidate.proposal else { continue }
      try optimizer.tell(
        Proposal.ID(
          run: proposal.run, generation: proposal.generation, index: proposal.index),
        try outcome(of: candidate, search))
    }
  }

  // MARK: Closing

  /// Tells the optimizer that opened a generation of its candidates, all scored or failed, and opens the
  /// next one if the budget pays for it and nothing ends the search.
  ///
  /// - Throws: ``StorageError`` when generations in a row failed.
  func close(_ generation: Generation, told optimizer: AnyOptimizer) throws {
    let search = try store.search()
    var optimizer = optimizer
    try tell(&optimizer, generation)
    let candidates = try candidates(of: generation)
    var statuses: [Candidate.ID: Candidate.Status] = [:]
    var failed = 0
    for candidate in candidates {
      let result = try store.candidate(try original(of: candidate)?.id ?? candidate.id).status
      if candidate.status == .pending { statuses[candidate.id] = result }
      if case .failed = result { failed += 1 }
    }
    let isVoid = failed * 2 > candidates.count
    let outcome: Generation.Outcome = isVoid ? .void : .closed
    if isVoid, try voidStreak() + 1 >= Self.voidLimit {
      try store.close(
        run: generation.run, generation: generation.number, as: outcome, statuses: statuses,
        next: nil)
      try stall(candidates)
    }
    let reason =
      try earlyStop(search)
      ?? optimizer.termination.map { termination in
        "the optimizer stops: \(termination.explanation)"
      }
    if let reason { note(reason) }
    if let warning = optimizer.warning { note("warning: \(warning)") }
    let goesOn = try reason == nil && affords(optimizer.population.count, search)
    try store.close(
      run: generation.run, generation: generation.number, as: outcome, statuses: statuses,
      next: goesOn ? try proposals(of: optimizer) : nil, event: event("generation"))
    try warnOfConstantScores(search)
  }

  /// Void generations at the end of what is closed.
  private func voidStreak() throws -> Int {
    var streak = 0
    for generation in try store.generations().reversed() where generation.outcome != .open {
      guard generation.outcome == .void else { break }
      streak += 1
    }
    return streak
  }

  private func stall(_ candidates: [Candidate]) throws {
    var counts: [String: Int] = [:]
    for candidate in candidates {
      if case .failed(let reason) = try store.candidate(candidate.id).status {
        counts[reason, default: 0] += 1
      }
    }
    let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let reason = order.first?.key ?? "no reason is known"
    try store.stall(reason, event: event("stalled"))
    throw StorageError.failed(
      Diagnostic(
        "\(Self.voidLimit) generations in a row failed: \(reason)", at: store.path,
        fix: "repair the cause, then start the search anew"))
  }
}

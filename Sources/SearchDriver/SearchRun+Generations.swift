import Diagnostics
import Foundation
import Optimizers
import PopulationStore
import SearchSpaces

extension SearchRun {
  /// Thrown where a time limit ends the proposing of candidates; the search then goes on to its finalists.
  private struct TimeIsUp: Error {}

  /// Generations that may leave the distribution unchanged, one after the other, before a search stops.
  private var voidLimit: Int { 3 }

  /// Proposes, scores and tells until the budget is spent.
  func searchGenerations() throws {
    let search = try store.search()
    guard search.phase == .baselines || search.phase == .searching else { return }
    try openFirstGeneration(search)
    let began = clock.now
    var scoredInSession = 0
    do {
      while let generation = try store.openGeneration() {
        var optimizer = try optimizer(opening: generation)
        let candidates = try store.candidates(
          .generation(run: generation.run, number: generation.number))
        let parent = try bestParent(searchManner(search))
        var before = 0
        try scoreGeneration(candidates) { done in
          scoredInSession += done - before
          before = done
          let seconds = began.duration(to: clock.now) / .seconds(1)
          try report(
            generation, done: done, of: candidates, parent: parent,
            rate: seconds > 0 ? Double(scoredInSession) / seconds : nil)
        }
        try close(generation, &optimizer)
      }
    } catch is TimeIsUp {
      note("the time limit is reached")
    }
  }

  /// Fixes what a time limit left open, and opens generation 0 of a search that has none.
  private func openFirstGeneration(_ search: StoredSearch) throws {
    guard try store.generations().isEmpty else {
      if try store.openGeneration() == nil { try reopen(search) }
      return
    }
    guard search.plan == nil else {
      try store.open(try proposals(of: try newOptimizer(search)), event: event("opened"))
      return
    }
    let limit = search.budget.timeLimit ?? 0
    let planned = try inputs.planned(
      forSeconds: limit - earlier - elapsed, pass: try secondsPerBaseline())
    inputs = planned.inputs
    note(
      "the time limit allows about \(planned.budget.evaluations ?? 0) evaluations; "
        + inputs.mergeSpace.describe)
    try store.fix(
      try inputs.plan(), budget: planned.budget,
      opening: try proposals(of: try newOptimizer(search)),
      event: event("planned"))
  }

  /// An optimizer that starts where the search file or an earlier search says, else at the best simple merge on the search
  /// split that the space can express.
  private func newOptimizer(_ search: StoredSearch) throws -> AnyOptimizer {
    guard !inputs.spaceSettings.hasStart, inputs.settings.warmStart == nil else {
      return try inputs.makeOptimizer(seed: search.seed)
    }
    let manner = try searchManner(search)
    var best: (name: String, score: Double, genome: Genome)?
    for candidate in try store.candidates(.kind(.simple)) {
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      guard let merge = inputs.simpleMerges.first(where: { $0.name == candidate.name }),
        let genome = inputs.mergeSpace.genome(expressing: merge.document),
        let score = try store.evaluation(key)?.score, best.map({ score > $0.score }) ?? true
      else { continue }
      best = (merge.name, score, genome)
    }
    if let best { note("the search starts at \(best.name), \(fixed(best.score, 4))") }
    return try inputs.makeOptimizer(seed: search.seed, start: best?.genome)
  }

  /// Goes on after an extension of a search whose last generation is closed.
  private func reopen(_ search: StoredSearch) throws {
    guard let last = try store.generations().last else { return }
    var optimizer = try optimizer(opening: last)
    try tell(&optimizer, last)
    guard try mayOpenNext(search, optimizer.populationSize) else { return }
    try store.open(try proposals(of: optimizer), event: event("opened"))
  }

  /// The optimizer as it was when it had proposed this generation, its proposals checked.
  func optimizer(opening generation: Generation) throws -> AnyOptimizer {
    guard let state = generation.state else {
      throw Diagnostic(
        "generation \(generation.number) has no optimizer state", at: store.path,
        fix: "restore the store from a copy")
    }
    let optimizer = try inputs.decodeOptimizer(state, at: store.path)
    let stored = try store.candidates(
      .generation(run: generation.run, number: generation.number))
    guard optimizer.population.map(\.genome) == stored.compactMap(\.genome) else {
      throw Diagnostic(
        "the optimizer proposes other candidates for generation \(generation.number) than it did",
        at: store.path,
        fix: "resume it with the version of mergevolve that wrote it")
    }
    return optimizer
  }

  /// The open generation of the optimizer: its state, and one candidate per proposal.
  private func proposals(of optimizer: AnyOptimizer) throws -> NewGeneration {
    let population = optimizer.population
    guard let first = population.first else {
      throw StorageError.failed(
        Diagnostic("the optimizer proposes nothing", at: store.path, fix: "report this"))
    }
    let candidates = try population.map { proposal -> NewCandidate in
      var candidate = try inputs.newCandidate(proposal.genome, kind: .search, name: nil)
      candidate.proposal = Candidate.Proposal(
        run: proposal.id.run, generation: proposal.id.generation, index: proposal.id.index)
      candidate.point = proposal.point
      candidate.duplicateOf = try store.candidate(fingerprint: candidate.fingerprint)?.id
      return candidate
    }
    return NewGeneration(
      run: first.id.run, number: first.id.generation, state: try inputs.encode(optimizer),
      candidates: candidates)
  }

  private func scoreGeneration(
    _ candidates: [Candidate], committed: (Int) throws -> Void
  ) throws {
    let search = try store.search()
    let manner = try searchManner(search)
    // A candidate that repeats an earlier one of the same generation takes its result too.
    let own = try candidates.filter { try original(of: $0) == nil }
    var problem: (any Error)?
    try committed(candidates.count - own.count)
    try score(
      own.map { ($0, inputs.maskSeed(of: $0)) }, manner, keepsTexts: false,
      stop: { try checkTimeLimit(search) }
    ) { done in
      do {
        try committed(candidates.count - own.count + done)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }

  /// The earlier candidate whose result counts for this one.
  private func original(of candidate: Candidate) throws -> Candidate? {
    if let id = candidate.duplicateOf { return try store.candidate(id) }
    guard let first = try store.candidate(fingerprint: candidate.fingerprint),
      first.id < candidate.id
    else { return nil }
    return first
  }

  /// What the optimizer is told of a candidate: always the same for the same store.
  private func outcome(of candidate: Candidate, _ manner: ScoringManner) throws -> Outcome {
    // A finalist may have failed on another split since; what the optimizer was told stays true.
    let scored = try original(of: candidate) ?? candidate
    let key = manner.key(scored.id, maskSeed: inputs.maskSeed(of: scored))
    guard let evaluation = try store.evaluation(key) else { return .invalid }
    return .scores(inputs.objectiveScores(evaluation, manner))
  }

  func tell(_ optimizer: inout AnyOptimizer, _ generation: Generation) throws {
    let manner = try searchManner(try store.search())
    for candidate in try store.candidates(
      .generation(run: generation.run, number: generation.number))
    {
      guard let proposal = candidate.proposal else { continue }
      try optimizer.tell(
        Proposal.ID(
          run: proposal.run, generation: proposal.generation, index: proposal.index),
        try outcome(of: candidate, manner))
    }
  }

  private func close(_ generation: Generation, _ optimizer: inout AnyOptimizer) throws {
    let search = try store.search()
    try tell(&optimizer, generation)
    let candidates = try store.candidates(
      .generation(run: generation.run, number: generation.number))
    var statuses: [Candidate.ID: Candidate.Status] = [:]
    var failed = 0
    for candidate in candidates {
      let result = try store.candidate(try original(of: candidate)?.id ?? candidate.id).status
      if candidate.status == .pending { statuses[candidate.id] = result }
      if case .failed = result { failed += 1 }
    }
    let isVoid = failed * 2 > candidates.count
    let outcome: Generation.Outcome = isVoid ? .void : .closed
    if isVoid, try voidStreak() + 1 >= voidLimit {
      try store.close(
        run: generation.run, generation: generation.number, as: outcome, statuses: statuses,
        next: nil)
      let reason = try mostFrequentFailure(candidates)
      try store.stall(reason, event: event("stalled"))
      throw StorageError.failed(
        Diagnostic(
          "\(voidLimit) generations in a row failed: \(reason)", at: store.path,
          fix: "repair the cause, then start the search anew"))
    }
    let reason =
      try earlyStop(search)
      ?? optimizer.termination.map { termination in
        "the optimizer stops: \(termination.explanation)"
      }
    if let reason { note(reason) }
    if let warning = optimizer.warning { note("warning: \(warning)") }
    let next =
      try mayOpenNext(search, optimizer.populationSize) && reason == nil
      ? try proposals(of: optimizer) : nil
    try store.close(
      run: generation.run, generation: generation.number, as: outcome, statuses: statuses,
      next: next, event: event("generation"))
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

  private func mostFrequentFailure(_ candidates: [Candidate]) throws -> String {
    var counts: [String: Int] = [:]
    for candidate in candidates {
      if case .failed(let reason) = try store.candidate(candidate.id).status {
        counts[reason, default: 0] += 1
      }
    }
    let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return order.first?.key ?? "no reason is known"
  }

  /// Whether the budget pays for another whole generation of so many candidates.
  private func mayOpenNext(_ search: StoredSearch, _ population: Int) throws -> Bool {
    guard let evaluations = search.budget.evaluations else { return false }
    let searchable = Double(evaluations) - search.budget.reserve
    // Sums of exact whole passes; the slack is for cost shares that racing may leave.
    return try store.chargedCost() + Double(population) <= searchable + 1e-9
  }

  private func checkTimeLimit(_ search: StoredSearch) throws {
    if let limit = search.budget.timeLimit, earlier + elapsed >= limit { throw TimeIsUp() }
  }

  // MARK: Progress

  private func bestParent(_ manner: ScoringManner) throws -> (name: String, score: Double) {
    let scores = try parentScores(manner)
    var best: (name: String, score: Double) = ("none", -.infinity)
    for (candidate, score) in scores {
      if let score, score > best.score { best = (candidate.name ?? "", score) }
    }
    return best
  }

  private func report(
    _ generation: Generation, done: Int, of candidates: [Candidate],
    parent: (name: String, score: Double), rate: Double?
  ) throws {
    let search = try store.search()
    guard let evaluations = search.budget.evaluations else { return }
    let left = Double(evaluations) - search.budget.reserve - (try store.chargedCost())
    let whole = Int((left + Double(done)) / Double(max(1, candidates.count)))
    observer(
      .progress(
        Progress(
          generation: generation.number + 1,
          generations: max(generation.number + 1, generation.number + whole),
          scored: done, population: candidates.count, best: try bestObservedScore(search),
          bestParent: parent.score, bestParentName: parent.name,
          candidatesPerHour: rate.map { $0 * 3600 }, secondsLeft: rate.map { max(0, left) / $0 })))
  }

  private func bestObservedScore(_ search: StoredSearch) throws -> Double? {
    let scores = try searchScores(search)
    return try store.candidates(.kind(.search)).compactMap { scores[$0.id] }.max()
  }

  /// Mean running time of a baseline's search pass, from the events of its waves.
  private func secondsPerBaseline() throws -> Double {
    var seconds = 0.0
    var candidates = 0.0
    for wave in try store.events(kind: "wave") {
      let detail = try decodeJSON([String: Double].self, wave.event.detail, at: store.path)
      seconds += detail["seconds"] ?? 0
      candidates += detail["candidates"] ?? 0
    }
    return candidates > 0 ? seconds / candidates : 1
  }
}

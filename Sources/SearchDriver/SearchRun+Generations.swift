import Diagnostics
import Foundation
import Optimizers
import PopulationStore
import SearchSpaces

extension SearchRun {
  /// Thrown where a time limit ends the proposing of candidates; the search then goes on to its finalists.
  private struct TimeIsUp: Error {}

  var cycle: GenerationCycle {
    GenerationCycle(problem: inputs, store: store, note: note) { [unowned self] in event($0) }
  }

  /// Proposes, scores and tells until the budget is spent.
  func searchGenerations() throws {
    let search = try store.search()
    guard search.phase == .baselines || search.phase == .searching else { return }
    try openFirstGeneration(search)
    let began = clock.now
    var scoredInSession = 0
    do {
      while let generation = try store.openGeneration() {
        let optimizer = try cycle.optimizer(opening: generation)
        let candidates = try cycle.candidates(of: generation)
        let parent = try bestParent(searchManner(search))
        var before = 0
        try scoreGeneration(candidates, parents: optimizer.parentCount) { done in
          scoredInSession += done - before
          before = done
          let seconds = began.duration(to: clock.now) / .seconds(1)
          try report(
            generation, done: done, of: candidates, parent: parent,
            rate: seconds > 0 ? Double(scoredInSession) / seconds : nil)
        }
        try cycle.close(generation, told: optimizer)
      }
    } catch is TimeIsUp {
      note("the time limit is reached")
    }
  }

  /// Fixes what a time limit left open, and opens generation 0 of a search that has none.
  private func openFirstGeneration(_ search: StoredSearch) throws {
    guard try store.generations().isEmpty else {
      if try store.openGeneration() == nil { try cycle.reopen(search) }
      return
    }
    guard search.plan == nil else {
      try store.open(try firstGeneration(search), event: event("opened"))
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
      opening: try firstGeneration(search), event: event("planned"))
  }

  private func firstGeneration(_ search: StoredSearch) throws -> NewGeneration {
    var generation = try cycle.proposals(of: try newOptimizer(search))
    generation.places = try inputs.itemPlaces()
    return generation
  }

  /// An optimizer that starts where the search file or an earlier search says, else at the best simple
  /// merge on the search split that the space can express.
  private func newOptimizer(_ search: StoredSearch) throws -> AnyOptimizer {
    let start = try startingMerge(search)
    if let start { note("the search starts at \(start.name), \(fixed(start.score, 4))") }
    return try inputs.makeOptimizer(seed: search.seed, start: start?.genome)
  }

  /// The simple merge at which the search starts; nil where a file says the start, or if the space
  /// expresses none.
  func startingMerge(
    _ search: StoredSearch
  ) throws -> (name: String, score: Double, genome: Genome)? {
    guard !inputs.spaceSettings.hasStart, inputs.settings.warmStart == nil else { return nil }
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
    return best
  }

  private func scoreGeneration(
    _ candidates: [Candidate], parents: Int, committed: (Int) throws -> Void
  ) throws {
    let search = try store.search()
    let manner = try searchManner(search)
    // A candidate that repeats an earlier one of the same generation takes its result too.
    let own = try candidates.filter { try cycle.original(of: $0) == nil }
    let repeated = candidates.count - own.count
    if let settings = inputs.settings.blocks {
      try scoreBlocks(
        own, settings, parents: parents, manner, stop: { try checkTimeLimit(search) },
        committed: { try committed(repeated + $0) })
      return
    }
    var problem: (any Error)?
    try committed(repeated)
    try score(
      own.map { ($0, inputs.maskSeed(of: $0)) }, manner, keepsTexts: false,
      stop: { try checkTimeLimit(search) }
    ) { done in
      do {
        try committed(repeated + done)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }

  private func checkTimeLimit(_ search: StoredSearch) throws {
    if let limit = search.budget.timeLimit, earlier + elapsed >= limit { throw TimeIsUp() }
  }

  // MARK: Progress

  private func bestParent(_ manner: ScoringManner) throws -> (name: String, score: Double)? {
    var best: (name: String, score: Double)?
    for (candidate, score) in try parentScores(manner) {
      if let score, best.map({ score > $0.score }) ?? true { best = (candidate.name ?? "", score) }
    }
    return best
  }

  private func report(
    _ generation: Generation, done: Int, of candidates: [Candidate],
    parent: (name: String, score: Double)?, rate: Double?
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
          bestParent: parent, candidatesPerHour: rate.map { $0 * 3600 },
          secondsLeft: rate.map { max(0, left) / $0 })))
  }

  private func bestObservedScore(_ search: StoredSearch) throws -> Double? {
    let scores = try cycle.searchScores(search)
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

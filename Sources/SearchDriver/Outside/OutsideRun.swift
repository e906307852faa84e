import Diagnostics
import Foundation
import Kernels
import PopulationStore

/// Drives a search whose candidates a command scores, to its end.
struct OutsideRun<C: Clock> where C.Duration == Duration {
  let inputs: OutsideInputs
  let command: CommandObjective
  let store: PopulationStore
  let clock: C
  let observer: SearchObserver
  private let started: C.Instant
  /// Seconds of running before this session.
  private let earlier: Double

  init(
    _ inputs: OutsideInputs, _ command: CommandObjective, _ store: PopulationStore, _ clock: C,
    _ observer: @escaping SearchObserver
  ) throws {
    self.inputs = inputs
    self.command = command
    self.store = store
    self.clock = clock
    self.observer = observer
    started = clock.now
    earlier = try store.runningTime()
  }

  private var elapsed: Double { started.duration(to: clock.now) / .seconds(1) }

  private func event(_ kind: String, _ detail: [String: Double] = [:]) -> Event {
    Event(
      at: Date(), kind: kind, elapsed: elapsed, detail: (try? canonicalJSON(detail)) ?? "{}")
  }

  private var course: OutsideCourse {
    OutsideCourse(
      cycle: GenerationCycle(
        problem: inputs, store: store, note: { observer(.note($0)) }, event: { event($0) }),
      endsItself: true)
  }

  /// Scores whatever is left to be scored.
  ///
  /// - Throws: `CancellationError` when the task was cancelled; all committed work is kept.
  func run() async throws {
    try store.record(event("session"))
    var scored = 0
    do {
      while true {
        try Task.checkCancellation()
        if isTimeUp(try store.search()) {
          observer(.note("the time limit is reached"))
          try course.skipToFinalists()
        }
        let pending = try course.pending()
        guard !pending.isEmpty else { return }
        let wave = Array(pending.prefix(width))
        try await score(wave)
        scored += wave.count
        try report(rate: Double(scored) / max(1e-9, elapsed))
      }
    } catch {
      try? store.record(event("stopped"))
      throw error
    }
  }

  private var width: Int { inputs.objective.parallel ?? WorkerPool.processorCount }

  private func isTimeUp(_ search: StoredSearch) -> Bool {
    guard search.phase == .baselines || search.phase == .searching,
      let limit = search.budget.timeLimit
    else { return false }
    return earlier + elapsed >= limit
  }

  /// Scores candidates side by side and commits them together.
  private func score(_ candidates: [Candidate]) async throws {
    let began = clock.now
    let results = try await withThrowingTaskGroup(of: (Int, OutsideResult).self) { group in
      for (index, candidate) in candidates.enumerated() {
        let message = CandidateMessage(candidate, in: inputs.space).json
        group.addTask { [command] in (index, try await command.result(of: message)) }
      }
      var results: [Int: OutsideResult] = [:]
      for try await (index, result) in group { results[index] = result }
      return results
    }
    let search = try store.search()
    var wave = Wave()
    for (index, candidate) in candidates.enumerated() {
      guard let result = results[index] else { continue }
      wave.add(
        try result.stored(for: candidate, of: inputs, search, at: "objective"), of: candidate)
    }
    let seconds = began.duration(to: clock.now) / .seconds(1)
    try store.commit(
      wave, event: event("wave", ["candidates": Double(candidates.count), "seconds": seconds]))
  }

  /// Shows the progress; `rate` is candidates per second of this session.
  private func report(rate: Double) throws {
    guard let generation = try store.openGeneration(), let plan = try store.search().plan else {
      return
    }
    let cycle = course.cycle
    let search = try store.search()
    let scores = try cycle.searchScores(search)
    let members = try cycle.candidates(of: generation)
    let left =
      Double(search.budget.evaluations ?? 0) - search.budget.reserve - (try store.chargedCost())
    let best = try store.candidates(.kind(.search)).compactMap { scores[$0.id] }.max()
    observer(
      .progress(
        Progress(
          generation: generation.number + 1,
          generations: generation.number + 1 + Int(max(0, left) / Double(max(1, plan.population))),
          scored: members.count { $0.status != .pending }, population: members.count, best: best,
          bestParent: nil, candidatesPerHour: rate * 3600, secondsLeft: max(0, left) / rate)))
  }
}

public import Diagnostics
public import Documents
import Foundation
public import PopulationStore

/// Candidates for callers outside of this program, and their results; safe with several callers at once.
///
/// Every call takes the store for a moment, and is refused while a driver holds it.
public struct AskTell {
  private let store: PopulationStore
  private let search: StoredSearch
  private let course: OutsideCourse
  private let notes: Notes

  /// What happened beside, for people.
  private final class Notes {
    var lines: [String] = []
  }

  /// Opens a store for one call, waiting for other callers.
  ///
  /// - Throws: ``Diagnostic`` if the store is none, its search is over or not open to others;
  ///   `StorageError.locked` while a driver runs.
  public init(store path: String, failpoints: Failpoints = .none) throws {
    store = try Self.open(path, failpoints: failpoints)
    search = try store.search()
    let configuration = try StoredConfiguration(search.configuration, at: store.path)
      .configuration(store: store.path, threads: nil)
    let problem: any SearchProblem
    if let objective = configuration.objective {
      problem = try OutsideInputs(configuration, objective, plan: search.plan)
    } else {
      guard search.phase != .baselines, search.plan != nil else {
        throw Diagnostic(
          "its baselines are not scored yet", at: path,
          fix: "run `mergevolve resume \(path)` until the first generation, then stop it")
      }
      problem = try Search.inputs(of: search, configuration)
    }
    let notes = Notes()
    self.notes = notes
    course = OutsideCourse(
      cycle: GenerationCycle(
        problem: problem, store: store, note: { notes.lines.append($0) },
        event: { Event(at: Date(), kind: $0, elapsed: 0) }),
      endsItself: configuration.objective != nil)
  }

  /// Another caller holds the store for a moment only, a driver for good.
  private static func open(_ path: String, failpoints: Failpoints) throws -> PopulationStore {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      do {
        return try PopulationStore.open(path, for: .driving, failpoints: failpoints)
      } catch let error as StorageError {
        guard case .locked = error, ContinuousClock.now < deadline else { throw error }
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
  }

  /// Seconds of a duration such as `30m`.
  ///
  /// - Throws: ``Diagnostic`` at `location` if the text is no positive duration.
  public static func seconds(ofLease text: String, at location: String) throws(Diagnostic) -> Double
  {
    try Quantities.seconds(text, at: location)
  }

  /// Lines for people that the call has given rise to.
  public var messages: [String] { notes.lines }

  /// Up to `count` candidates that nobody else has been given, leased for some seconds.
  ///
  /// - Returns: One JSON object each; fewer or none where all others are leased or scored.
  public func ask(_ count: Int, lease seconds: Double) throws -> [JSONValue] {
    let now = Date()
    let leased = Set(try store.liveLeases(at: now).map(\.candidate))
    let pending = try course.pending()
    let free = pending.filter { !leased.contains($0.id) }
    let given = Array(free.prefix(count))
    try store.lease(given.map(\.id), until: now.addingTimeInterval(seconds), now: now)
    if given.count < count { notes.lines.append(try state(pending)) }
    return given.map { CandidateMessage($0, in: course.cycle.problem.space).json }
  }

  /// Takes results, all or none, and goes on as far as they allow.
  ///
  /// A result that is known already, told again, changes nothing.
  ///
  /// - Parameter rows: `{"id": 17, "score": 0.5}` and the like, each with where it was read.
  /// - Throws: ``Diagnostic`` for the first row that is wrong.
  public func tell(_ rows: [(value: JSONValue, location: String)]) throws {
    var wave = Wave()
    var told: [Candidate.ID: OutsideResult] = [:]
    let last = try store.candidates().count
    let waiting = Set(try course.pending().map(\.id))
    for (value, location) in rows {
      let result = try OutsideResult(value, at: location)
      guard let id = value["id"]?.integer else {
        throw Diagnostic("has no id", at: location, fix: "write the candidate's id from `ask`")
      }
      if let other = told.updateValue(result, forKey: id) {
        guard other == result else {
          throw Diagnostic(
            "candidate \(id) has two results", at: location, fix: "tell each candidate once")
        }
        continue
      }
      guard id >= 1, id <= last else {
        throw Diagnostic(
          "there is no candidate \(id)", at: location, fix: "use an id that `ask` printed")
      }
      let candidate = try store.candidate(id)
      let stored = try result.stored(
        for: candidate, of: course.cycle.problem, search, at: location)
      if try isKnown(stored, of: candidate, at: location) { continue }
      guard waiting.contains(id) else {
        throw Diagnostic(
          "candidate \(id) is not waiting for a result", at: location,
          fix: "use an id that `ask` printed")
      }
      wave.add(stored, of: candidate)
    }
    if !(wave.evaluations.isEmpty && wave.statuses.isEmpty) {
      try store.commit(wave, event: Event(at: Date(), kind: "told", elapsed: 0))
    }
    let results = wave.evaluations.count + wave.statuses.values.count { $0 != .scored }
    notes.lines.append(
      "\(results) new result\(results == 1 ? "" : "s"); " + (try state(try course.pending())))
  }

  /// Whether the candidate has this result already.
  ///
  /// - Throws: ``Diagnostic`` if it has another one.
  private func isKnown(
    _ result: StoredResult, of candidate: Candidate, at location: String
  ) throws -> Bool {
    let key = search.searchKey(
      candidate.id, maskSeed: course.cycle.problem.maskSeed(of: candidate))
    let known = try store.evaluation(key)
    switch (candidate.status, known, result) {
    case (.failed(let reason), _, .failure(let again)) where reason == again: return true
    case (_, let known?, .evaluation(let again)) where known.score == again.score: return true
    case (.failed, _, _), (_, .some, _):
      throw Diagnostic(
        "candidate \(candidate.id) has another result already", at: location,
        fix: "tell each candidate once")
    default: return false
    }
  }

  private func state(_ pending: [Candidate]) throws -> String {
    let phase = try store.search().phase
    if phase == .finished { return "the search is finished" }
    guard let generation = try store.openGeneration() else {
      return pending.isEmpty
        ? "the budget is spent: `mergevolve finish \(store.path)` gives the verdict"
        : "\(pending.count) candidates wait for results"
    }
    return "generation \(generation.number + 1): \(pending.count) candidates wait for results"
  }
}

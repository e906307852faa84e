import Diagnostics
import Foundation
import Inference
import Kernels
import Optimizers
import PopulationStore
import Randomness
import SearchSpaces
import Tasks

/// One search while it is driven: baselines, generations, finalists, verdict.
///
/// Everything is decided from the store and the seed, never from time or from the order in which
/// results arrive, so that a run that was stopped anywhere continues as if it had not been. A time
/// limit is the exception that a user asks for.
final class SearchRun<C: Clock> where C.Duration == Duration {
  /// Changes once, where a time limit leaves the plan open until the baselines were timed.
  var inputs: SearchInputs
  let store: PopulationStore
  let clock: C
  let observer: SearchObserver
  let started: C.Instant
  /// Seconds of running before this session.
  let earlier: Double
  /// What the store says of baselines and blocks, kept for the generations to come.
  var knownBaselines: [ScoredBaseline]?
  var knownCourse: BlockCourse?

  init(inputs: SearchInputs, store: PopulationStore, clock: C, observer: @escaping SearchObserver)
    throws
  {
    self.inputs = inputs
    self.store = store
    self.clock = clock
    self.observer = observer
    started = clock.now
    earlier = try store.runningTime()
  }

  /// Seconds since this session began.
  var elapsed: Double { started.duration(to: clock.now) / .seconds(1) }

  func note(_ text: String) { observer(.note(text)) }

  func event(_ kind: String, _ detail: [String: Double] = [:]) -> Event {
    let text = (try? canonicalJSON(detail)) ?? "{}"
    return Event(at: Date(), kind: kind, elapsed: elapsed, detail: text)
  }

  /// Runs whatever is left to do and returns the conclusion.
  ///
  /// - Throws: `CancellationError` when the task was cancelled; all committed work is kept.
  func run() throws -> Conclusion {
    try store.record(try session())
    do {
      try scoreBaselines()
      try searchGenerations()
      return try finish()
    } catch {
      try? store.record(event("stopped"))
      throw error
    }
  }

  /// Validation, test and verdict on what there is.
  func finishNow() throws -> Conclusion {
    try store.record(try session())
    do {
      try scoreBaselines()
      return try finish()
    } catch {
      try? store.record(event("stopped"))
      throw error
    }
  }

  private func session() throws -> Event {
    let process = ProcessInfo.processInfo
    let facts: [String: String] = [
      "host": process.hostName, "process": "\(process.processIdentifier)",
      "threads": "\(inputs.pool.threads)", "backend": inputs.backendName,
      "precision": inputs.engine.precision.rawValue,
      "block_heights": try inputs.blockHeights(),
    ]
    return Event(
      at: Date(), kind: "session", elapsed: 0, detail: (try? canonicalJSON(facts)) ?? "{}")
  }

  // MARK: Scoring

  /// A candidate with the seed of its random masks, 0 where nothing is random.
  typealias Entry = (candidate: Candidate, maskSeed: UInt64)

  /// Scores what is missing of `wanted`, wave by wave in order, and commits every wave.
  ///
  /// A candidate that fails under one mask seed is not scored under those that follow, and stays failed:
  /// that is what a resumed run finds in the store, however the waves were cut. Texts are kept for
  /// baselines and finalists only. `stop` is called before every wave and ends the scoring by throwing,
  /// `committed` after every wave with the number of entries that are done.
  func score(
    _ wanted: [Entry], _ manner: ScoringManner, keepsTexts: Bool, stop: () throws -> Void = {},
    committed: (Int) -> Void = { _ in }
  ) throws {
    var missing = try wanted.map { entry in
      (candidate: try store.candidate(entry.candidate.id), maskSeed: entry.maskSeed)
    }.filter { entry in
      if case .failed = entry.candidate.status { return false }
      return try store.evaluation(manner.key(entry.candidate.id, maskSeed: entry.maskSeed)) == nil
    }
    // Decoding keeps one merged candidate resident; forced passes share the reading of the sources.
    let size = try inputs.waveSize(of: missing.count, manner)
    while !missing.isEmpty {
      let entries = Array(missing.prefix(size))
      missing.removeFirst(entries.count)
      let committedWave = try commitWave(manner, passes: Double(entries.count), stop: stop) {
        wave(of: entries, try inputs.score(entries, manner), manner, keepsTexts: keepsTexts)
      }
      missing.removeAll { entry in
        if case .failed = committedWave.statuses[entry.candidate.id] { true } else { false }
      }
      committed(wanted.count - missing.count)
    }
  }

  /// Scores a wave of so many full passes over the split and commits it with what it took.
  @discardableResult
  func commitWave(
    _ manner: ScoringManner, passes: Double, stop: () throws -> Void, score: () throws -> Wave
  ) throws -> Wave {
    try Task.checkCancellation()
    try stop()
    store.failpoints.pass("before-scoring-\(manner.split.rawValue)")
    let began = clock.now
    let before = WorkSeconds(inputs.engine.times)
    let wave = try score()
    let seconds = began.duration(to: clock.now) / .seconds(1)
    var detail = WorkSeconds(inputs.engine.times).spent(
      since: before, threads: inputs.pool.threads, of: seconds)
    detail["candidates"] = passes
    detail["seconds"] = seconds
    detail["search_split"] = manner == inputs.searchManner ? 1 : 0
    detail["peak_anonymous_bytes"] = Double(inputs.engine.times.peakAnonymousBytes)
    try store.commit(wave, event: event("wave", detail))
    return wave
  }

  /// What is saved of a wave: of every candidate the results up to its first failure.
  private func wave(
    of entries: [Entry], _ sheets: [Result<ScoreSheet, Diagnostic>], _ manner: ScoringManner,
    keepsTexts: Bool
  ) -> Wave {
    var wave = Wave()
    for (entry, sheet) in zip(entries, sheets) {
      if case .failed = wave.statuses[entry.candidate.id] { continue }
      let key = manner.key(entry.candidate.id, maskSeed: entry.maskSeed)
      switch sheet {
      case .success(let sheet):
        wave.evaluations.append(sheet.evaluation(key, cost: inputs.cost(of: manner.split)))
        wave.blocks += sheet.blocks(key)
        if keepsTexts { wave.texts += sheet.sampleTexts(key) }
        if entry.candidate.status == .pending { wave.statuses[entry.candidate.id] = .scored }
      case .failure(let reason):
        wave.statuses[entry.candidate.id] = .failed(reason.description)
      }
    }
    return wave
  }

  /// How scores on the search split are computed in this search.
  func searchManner(_ search: StoredSearch) throws -> ScoringManner {
    guard let decode = DecodeMode(rawValue: search.decode) else {
      throw Diagnostic(
        "decodes in the unknown way '\(search.decode)'", at: store.path,
        fix: "resume it with the version of mergevolve that wrote it")
    }
    return ScoringManner(split: .search, precision: search.precision, decode: decode)
  }

  /// Validation and test: the reference precision, and decoding wherever the forced pass is no proof.
  func judgingManner(_ split: BenchmarkSplit) -> ScoringManner {
    ScoringManner(split: split, precision: "f32", decode: .unproved)
  }
}

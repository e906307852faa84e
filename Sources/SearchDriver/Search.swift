public import Diagnostics
import Foundation
public import PopulationStore

/// What `resume` changes about a search.
public struct SearchExtension: Sendable {
  /// New totals; nil keeps the stored ones.
  public var evaluations: Int?
  /// Seconds of running time over all sessions.
  public var timeLimit: Double?
  /// Where models are now, by name.
  public var relocations: [String: String]
  public var threads: Int?

  /// `timeLimit` is a duration such as `8h`, `relocations` are texts of the form `NAME=PATH`.
  ///
  /// - Throws: ``Diagnostic`` naming the option that cannot be understood.
  public init(
    evaluations: Int? = nil, timeLimit: String? = nil, relocations: [String] = [],
    threads: Int? = nil
  ) throws(Diagnostic) {
    if let evaluations, evaluations < 1 {
      throw Diagnostic(
        "\(evaluations) evaluations are no budget", at: "--evaluations",
        fix: "use a positive number")
    }
    if let threads, !(1...1024).contains(threads) {
      throw Diagnostic("\(threads) is no number of threads", at: "--threads", fix: "use 1...1024")
    }
    self.evaluations = evaluations
    self.threads = threads
    self.timeLimit =
      if let timeLimit { try Quantities.seconds(timeLimit, at: "--time-limit") } else { nil }
    var paths: [String: String] = [:]
    for text in relocations {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex,
        text.index(after: equals) != text.endIndex
      else {
        throw Diagnostic("'\(text)' is not NAME=PATH", at: "--models", fix: "write arith=/new/path")
      }
      paths[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    self.relocations = paths
  }

  var extendsBudget: Bool { evaluations != nil || timeLimit != nil }
}

/// The life of a search, from its file to its verdict.
public enum Search {
  /// Checks everything that a search file names, without writing anything.
  ///
  /// - Throws: `DiagnosticList` with all that is wrong.
  public static func check(_ configuration: SearchConfiguration) throws -> Forecast {
    if let objective = configuration.objective {
      return Forecast(try OutsideInputs(configuration, objective))
    }
    let inputs = try SearchInputs.open(configuration)
    return try Forecast(inputs)
  }

  /// Starts a search in a new store and runs it to its end, or until callers of ``AskTell`` take over.
  ///
  /// - Returns: The verdict; nil for searches that are scored outside of this program.
  /// - Throws: `DiagnosticList` or ``Diagnostic`` for wrong input, ``StorageError`` for failures while
  ///   running, `CancellationError` when stopped; what was committed stays.
  public static func start(
    _ configuration: SearchConfiguration, clock: some Clock<Duration>,
    failpoints: Failpoints = .none, observer: @escaping SearchObserver
  ) async throws -> Conclusion? {
    let text = try StoredConfiguration(configuration).text
    let reservation = try StoreReservation(
      at: configuration.store, configuration: text, failpoints: failpoints)
    failpoints.pass("while-checking")
    if let objective = configuration.objective {
      let inputs = try OutsideInputs(configuration, objective)
      observer(.note(Forecast(inputs).text))
      let store = try reservation.publish(try inputs.newSearch(configuration: text))
      try await runOutside(inputs, store, clock, observer)
      return nil
    }
    let inputs = try SearchInputs.open(configuration)
    let forecast = try Forecast(inputs)
    observer(.note(forecast.text))
    let store = try reservation.publish(try inputs.newSearch(configuration: text))
    return try SearchRun(inputs: inputs, store: store, clock: clock, observer: observer).run()
  }

  /// Goes on with a stopped search, or extends a finished one.
  ///
  /// - Throws: As ``start(_:clock:failpoints:observer:)``, and a list of what changed if models or
  ///   benchmarks are no longer what they were.
  public static func resume(
    store path: String, extending changes: SearchExtension, clock: some Clock<Duration>,
    failpoints: Failpoints = .none, observer: @escaping SearchObserver
  ) async throws -> Conclusion? {
    let store = try PopulationStore.open(path, for: .driving, failpoints: failpoints)
    try refuseLeases(store)
    if let inputs = try outsideInputs(of: store) {
      if changes.extendsBudget { try extend(store, changes, inputs) }
      try await runOutside(inputs, store, clock, observer)
      return nil
    }
    let inputs = try reopen(store, changes, observer: observer)
    if changes.extendsBudget { try extend(store, changes, inputs) }
    let run = try SearchRun(inputs: inputs, store: store, clock: clock, observer: observer)
    let phase = try store.search().phase
    if phase == .finished {
      observer(.note("the search is finished; extend it with --evaluations or --time-limit"))
    }
    return try run.run()
  }

  /// Validation, test and verdict on what a stopped search has found.
  ///
  /// - Throws: As ``resume(store:extending:clock:failpoints:observer:)``.
  public static func finish(
    store path: String, threads: Int? = nil, clock: some Clock<Duration>,
    failpoints: Failpoints = .none, observer: @escaping SearchObserver
  ) async throws -> Conclusion? {
    let store = try PopulationStore.open(path, for: .driving, failpoints: failpoints)
    try refuseLeases(store)
    if let inputs = try outsideInputs(of: store) {
      try finishOutside(inputs, store)
      try await runOutside(inputs, store, clock, observer)
      return nil
    }
    let inputs = try reopen(store, try SearchExtension(threads: threads), observer: observer)
    return try SearchRun(inputs: inputs, store: store, clock: clock, observer: observer)
      .finishNow()
  }

  private static func reopen(
    _ store: PopulationStore, _ changes: SearchExtension, observer: SearchObserver
  ) throws -> SearchInputs {
    let search = try store.search()
    var configuration = try StoredConfiguration(search.configuration, at: store.path)
      .configuration(store: store.path, threads: changes.threads)
    let names = search.models.map(\.name)
    for name in changes.relocations.keys.sorted() where !names.contains(name) {
      throw unknownName(name, noun: "model", known: names, at: "--models")
    }
    // `auto` was resolved when the search was created.
    if let precision = SearchConfiguration.Precision(rawValue: search.precision) {
      configuration.precision = precision
    }
    configuration.place(models: search.models, relocations: changes.relocations)
    let inputs = try SearchInputs.open(configuration, plan: search.plan)
    try inputs.refuseChanges(against: search, benchmarks: try store.benchmarks(), at: store.path)
    for (name, path) in changes.relocations.sorted(by: { $0.key < $1.key }) {
      try store.relocate(model: name, to: SearchConfiguration.absolute(path, in: currentFolder))
    }
    return inputs
  }

  static var currentFolder: String { FileManager.default.currentDirectoryPath }

  private static func extend(
    _ store: PopulationStore, _ changes: SearchExtension, _ inputs: SearchInputs
  ) throws {
    let old = try store.search().budget
    if let evaluations = changes.evaluations, let before = old.evaluations, evaluations < before {
      throw Diagnostic(
        "the search already has a budget of \(before) evaluations", at: "--evaluations",
        fix: "give a larger total, or `mergevolve finish` what there is")
    }
    let evaluations = changes.evaluations ?? old.evaluations
    var budget = Budget(
      evaluations: evaluations, timeLimit: changes.timeLimit ?? old.timeLimit,
      reserve: old.reserve)
    if let evaluations { budget.reserve = inputs.settings.finalistCost.reserve(of: evaluations) }
    if budget != old { try store.extend(to: budget) }
  }
}

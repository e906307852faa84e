import Diagnostics
import Foundation
import PopulationStore

extension Search {
  /// The inputs of a stored search that is scored outside of this program; nil for one over tasks.
  static func outsideInputs(of store: PopulationStore) throws -> OutsideInputs? {
    let search = try store.search()
    let configuration = try StoredConfiguration(search.configuration, at: store.path)
      .configuration(store: store.path, threads: nil)
    return try configuration.objective.map {
      try OutsideInputs(configuration, $0, plan: search.plan)
    }
  }

  /// The inputs of a stored search over tasks.
  static func inputs(
    of search: StoredSearch, _ configuration: SearchConfiguration
  ) throws -> SearchInputs {
    var configuration = configuration
    configuration.place(models: search.models, relocations: [:])
    return try SearchInputs.open(configuration, plan: search.plan)
  }

  /// Runs the command of the search, or leaves it to callers of ``AskTell``.
  static func runOutside(
    _ inputs: OutsideInputs, _ store: PopulationStore, _ clock: some Clock<Duration>,
    _ observer: @escaping SearchObserver
  ) async throws {
    guard let words = inputs.objective.command else {
      observer(
        .note(
          "`mergevolve ask \(store.path)` hands out candidates, `mergevolve tell \(store.path)` takes "
            + "their results"))
      return
    }
    let command = CommandObjective(
      command: words, timeLimit: inputs.objective.timeLimit, retries: inputs.objective.retries,
      folder: inputs.configuration.folder)
    try await OutsideRun(inputs, command, store, clock, observer).run()
  }

  /// Goes on to the finalists, whatever of the budget is left.
  static func finishOutside(_ inputs: OutsideInputs, _ store: PopulationStore) throws {
    let cycle = GenerationCycle(
      problem: inputs, store: store, note: { _ in },
      event: { Event(at: Date(), kind: $0, elapsed: 0) })
    try OutsideCourse(cycle: cycle, endsItself: true).skipToFinalists()
  }

  /// A driver would score what others were given.
  ///
  /// - Throws: ``Diagnostic`` while leases are live.
  static func refuseLeases(_ store: PopulationStore) throws {
    let leases = try store.liveLeases(at: Date())
    guard let last = leases.map(\.until).max() else { return }
    let moment = last.formatted(.iso8601)
    throw Diagnostic(
      "\(leases.count) candidates are leased to callers of `ask`, until \(moment) at the latest",
      at: store.path, fix: "tell their results, or wait until the leases have ended")
  }

  static func extend(
    _ store: PopulationStore, _ changes: SearchExtension, _ inputs: OutsideInputs
  ) throws {
    let old = try store.search().budget
    let evaluations = changes.evaluations ?? old.evaluations ?? 0
    guard evaluations >= old.evaluations ?? 0 else {
      throw Diagnostic(
        "the search already has a budget of \(old.evaluations ?? 0) evaluations",
        at: "--evaluations", fix: "give a larger total")
    }
    let budget = inputs.budget(
      evaluations: evaluations, timeLimit: changes.timeLimit ?? old.timeLimit)
    if budget != old { try store.extend(to: budget) }
  }
}

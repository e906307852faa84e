import ArgumentParser
import SearchDriver

/// `mergevolve resume`: goes on with a stopped search, or extends a finished one.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a stopped search, or extend a finished one.",
    discussion: """
      The search continues from its last committed wave; its final population is the same, bit for \
      bit, as if it had never been stopped. --evaluations and --time-limit are new totals and extend \
      a search that has finished.

      Example: mergevolve resume runs/demo.sqlite --evaluations 400
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Option(
    help: ArgumentHelp(
      "New total budget in full passes over the search questions.", valueName: "number"))
  var evaluations: Int?

  @Option(
    name: .customLong("time-limit"),
    help: ArgumentHelp(
      "New total running time over all sessions, such as 8h.", valueName: "duration"))
  var timeLimit: String?

  @Option(
    name: .customLong("models"), parsing: .singleValue,
    help: ArgumentHelp(
      "Where a model is now, if it has moved; its content must be the same. Repeatable.",
      valueName: "name=path"))
  var relocations: [String] = []

  @Option(help: ArgumentHelp("Worker threads, instead of the search file's.", valueName: "number"))
  var threads: Int?

  func run() async throws {
    let changes = try SearchExtension(
      evaluations: evaluations, timeLimit: timeLimit, relocations: relocations, threads: threads)
    let progress = ProgressPrinter()
    let failpoints = try ProcessEnvironment.failpoints()
    _ = try await interruptible {
      try await Search.resume(
        store: store, extending: changes, clock: ContinuousClock(), failpoints: failpoints,
        observer: progress.observe)
    }
    try FinalReport.print(store: store)
  }
}

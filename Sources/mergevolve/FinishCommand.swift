import ArgumentParser
import SearchDriver

/// `mergevolve finish`: validation, test and verdict on what a stopped search has found.
struct FinishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finish",
    abstract: "Validate what a stopped search has found, and give the verdict.",
    discussion: """
      Scores the finalists on the validation questions, compares the winner with its parents and \
      with the best simple merge on the test questions, and prints the table. A search that ends by \
      itself has done this already.

      Example: mergevolve finish runs/demo.sqlite
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Option(help: ArgumentHelp("Worker threads, instead of the search file's.", valueName: "number"))
  var threads: Int?

  func run() async throws {
    let progress = ProgressPrinter()
    let failpoints = try ProcessEnvironment.failpoints()
    _ = try await interruptible {
      try await Search.finish(
        store: store, threads: threads, clock: ContinuousClock(), failpoints: failpoints,
        observer: progress.observe)
    }
    try FinalReport.print(store: store)
  }
}

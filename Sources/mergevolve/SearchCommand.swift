import ArgumentParser
import Foundation
import SearchDriver

/// `mergevolve search`: checks, baselines, the search itself, finalists and the verdict.
struct SearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Search for the best merge of your models.",
    discussion: """
      Reads a search file (models, search space, benchmarks, budget), checks all of it, scores the \
      base, every expert and the simple merges, and then lets the optimizer propose merge recipes \
      until the budget is spent. At the end the finalists are chosen on validation questions and \
      the winner is compared with its parents on test questions that nothing has seen.

      Every result is committed to one SQLite file. Stop at any time with Ctrl-C, or lose power: \
      'mergevolve resume STORE' goes on exactly where it stopped.

      A genome file of mergekit-evolve runs as it is: name its task files' folder and the budget.

      Example: mergevolve search Searches/demo.yaml --store /tmp/demo.sqlite

      Example: mergevolve search genome.yaml --tasks tasks/ --evaluations 200
      """)

  @Argument(help: ArgumentHelp("The search file (YAML).", valueName: "search.yaml"))
  var searchFile: String

  @Option(
    help: ArgumentHelp("Where the results go, instead of the file's 'store'.", valueName: "file"))
  var store: String?

  @Option(
    help: ArgumentHelp(
      "Budget in full passes over the search questions, instead of the file's.", valueName: "number"
    ))
  var evaluations: Int?

  @Option(
    help: ArgumentHelp("Seed of every random choice, instead of the file's.", valueName: "integer"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Worker threads, instead of the file's.", valueName: "number"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "For a genome of mergekit-evolve: the folder of the files of its tasks.",
      valueName: "folder"))
  var tasks: String?

  func run() async throws {
    let configuration = try SearchConfiguration.read(
      path: searchFile,
      overrides: SearchOverrides(
        store: store, evaluations: evaluations, seed: seed, threads: threads, tasks: tasks))
    let progress = ProgressPrinter()
    let failpoints = try ProcessEnvironment.failpoints()
    _ = try await interruptible {
      try await Search.start(
        configuration, clock: ContinuousClock(), failpoints: failpoints,
        observer: progress.observe)
    }
    try FinalReport.print(store: configuration.store)
  }
}

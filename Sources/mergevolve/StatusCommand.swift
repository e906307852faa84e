import ArgumentParser
import Documents
import Foundation
import PopulationStore
import Reports

/// `mergevolve status`: where a search stands, or everything about one of its candidates.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show where a search stands, and how good its models are.",
    discussion: """
      Prints the scores of base, experts, simple merges and the best merge so far, or after the end \
      of the winner with the verdict, and the course of the search. May be called at any time, also \
      while the search runs.

      With --candidate: where that candidate came from, its parameters, all its scores and its \
      recipe. With --samples as well: its results question by question, one JSON object per line; \
      the generated texts of baselines and finalists are among them.

      With --watch: follows a running search, in a view that refreshes itself, until the search ends \
      or you leave with Ctrl-C, which does not touch the search. Where standard output is no \
      terminal: a line for every closed generation.

      Example: mergevolve status runs/demo.sqlite
      Example: mergevolve status runs/demo.sqlite --watch
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Show this candidate, by its number in the store.", valueName: "number"))
  var candidate: Int?

  @Flag(help: "Print the candidate's results question by question, as JSON lines.")
  var samples = false

  @Flag(help: "Follow the search until it ends.")
  var watch = false

  @Option(help: ArgumentHelp("Seconds between two looks of --watch.", valueName: "seconds"))
  var interval = 2.0

  func validate() throws {
    if watch, json || samples || candidate != nil {
      throw ValidationError("--watch goes with none of --json, --samples and --candidate")
    }
    guard (0.05...86_400).contains(interval) else {
      throw ValidationError("--interval must be 0.05 to 86400 seconds, not \(interval)")
    }
    if samples, candidate == nil {
      throw ValidationError("--samples needs a candidate: add --candidate and its number")
    }
  }

  func run() async throws {
    guard !watch else {
      let view = StatusWatch(path: store, interval: interval)
      do {
        return try await interruptible(notice: nil) { try await view.run() }
      } catch is CancellationError {
        // Not a word about stopping: the search goes on.
        throw ExitCode(130)
      }
    }
    let store = try PopulationStore.open(store, for: .reading)
    guard let candidate else {
      let snapshot = try store.snapshot()
      let report = SearchReport(snapshot)
      if !json, let outside = OutsideReport(snapshot) {
        print(outside.text, terminator: "")
        return
      }
      print(json ? report.json.text(.indented) + "\n" : report.statusText, terminator: "")
      return
    }
    if samples {
      try printSamples(of: candidate, in: store)
    } else {
      let report = CandidateReport(
        try store.candidate(candidate), in: SearchReport(try store.snapshot()))
      print(json ? report.json.text(.indented) + "\n" : report.text, terminator: "")
    }
  }

  private func printSamples(of id: Candidate.ID, in store: PopulationStore) throws {
    let candidate = try store.candidate(id)
    let benchmarks = try store.benchmarks()
    for evaluation in try store.evaluations(of: candidate.duplicateOf ?? id) {
      let lines = ItemLines.lines(
        try store.itemBlocks(evaluation.key), texts: try store.sampleTexts(evaluation.key),
        benchmarks: benchmarks)
      for line in lines { print(line.text(.compact)) }
    }
  }
}

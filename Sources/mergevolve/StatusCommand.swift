import ArgumentParser
import Documents
import Foundation
import PopulationStore
import Reports

/// `mergevolve status`: where a search stands, or everything about one of its candidates.
struct StatusCommand: ParsableCommand {
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

      Example: mergevolve status runs/demo.sqlite
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

  func validate() throws {
    if samples, candidate == nil {
      throw ValidationError("--samples needs a candidate: add --candidate and its number")
    }
  }

  func run() throws {
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

import ArgumentParser
import Diagnostics
import Documents
import Foundation
import SearchDriver

/// `mergevolve tell`: results of candidates that were scored outside of this program.
struct TellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tell",
    abstract: "Take the results of candidates that were scored elsewhere.",
    discussion: """
      Reads JSON lines from standard input: {"id": 17, "score": 0.5}, {"id": 17, "scores": {"task": 0.5}} for \
      the search's tasks, or {"id": 17, "failure": "reason"}. Higher scores are better unless the \
      objective says 'direction: minimize'. All lines are taken or, if one is wrong, none. A result that \
      is told again changes nothing.

      When all candidates of a generation have results, the optimizer proposes the next ones.

      Example: mergevolve ask runs/mine.sqlite | ./score | mergevolve tell runs/mine.sqlite
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  func run() throws {
    let data = FileHandle.standardInput.readDataToEndOfFile()
    let rows = try JSONLines.parse(Array(data), location: "standard input").rows
    guard !rows.isEmpty else {
      throw Diagnostic(
        "holds no results", at: "standard input",
        fix: "write JSON lines such as {\"id\": 17, \"score\": 0.5}")
    }
    let search = try AskTell(store: store, failpoints: try ProcessEnvironment.failpoints())
    try search.tell(rows.map { ($0.value, "standard input: line \($0.line)") })
    for message in search.messages { note(message) }
  }
}

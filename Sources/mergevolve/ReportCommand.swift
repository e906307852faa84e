import ArgumentParser
import Diagnostics
import Foundation
import PopulationStore
import Reports

/// `mergevolve report`: a search as a web page.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the report of a search as one HTML page with plots.",
    discussion: """
      The page shows the verdict in words, everybody's scores with intervals, the course of the \
      search, the coefficients of the best merge over depth, what sets it apart from the second \
      best, its recipe, and where the time went. It is a single file that needs no network and runs \
      no script: open it in a browser, or send it by mail. May be written at any time, also while the \
      search runs; before the end it says that nothing is validated.

      Example: mergevolve report runs/demo.sqlite --output demo.html
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the page goes, instead of beside the store under its name with '.html'; '-' is "
        + "standard output.", valueName: "file"))
  var output: String?

  @Flag(help: "Replace the file if it exists.")
  var force = false

  func run() throws {
    let path = output ?? Self.page(ofStore: store)
    let file = NewTextFile(path: path, replacesExisting: force)
    // Before the work, though the file may still appear meanwhile.
    if path != "-" { try file.refuseExisting() }
    let report = SearchReport(try PopulationStore.open(store, for: .reading).snapshot())
    let html = HTMLReport(report).html
    if path == "-" {
      print(html, terminator: "")
    } else {
      try file.write(html)
      note("written: \(path)")
    }
  }

  private static func page(ofStore path: String) -> String {
    (path.hasSuffix(".sqlite") ? String(path.dropLast(".sqlite".count)) : path) + ".html"
  }
}

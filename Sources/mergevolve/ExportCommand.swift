import ArgumentParser
import Diagnostics
import Foundation
import PopulationStore
import Reports

/// `mergevolve export`: the winner of a search as a recipe.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the winner of a search as a merge recipe.",
    discussion: """
      Prints a recipe in mergekit's format: 'mergevolve merge', mergekit-yaml and, if the recipe has \
      several stages, mergekit-multi read it. Before a search is finished this is the best candidate \
      observed so far, which has not been validated: a warning says so, and the file too.

      Example: mergevolve export runs/demo.sqlite --output best.yaml
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Option(
    help: ArgumentHelp(
      "Export this candidate instead, by its number in the store.", valueName: "number"))
  var candidate: Int?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write to this new file instead of standard output.", valueName: "file"))
  var output: String?

  func run() throws {
    let store = try PopulationStore.open(store, for: .reading)
    let export = try RecipeExport(SearchReport(try store.snapshot()), candidate: candidate)
    if let output {
      try write(export.text, to: output)
    } else {
      print(export.text, terminator: "")
    }
    if let warning = export.warning { note("warning: \(warning)") }
  }

  private func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch let error as CocoaError where error.code == .fileWriteFileExists {
      throw Diagnostic(
        "exists already", at: path, fix: "choose another name with --output; nothing is overwritten"
      )
    } catch {
      throw Diagnostic(
        "cannot be written: \((error as NSError).localizedDescription)", at: path,
        fix: "choose a folder that exists and that you may write to")
    }
  }
}

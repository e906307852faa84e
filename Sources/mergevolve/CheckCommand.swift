import ArgumentParser
import SearchDriver

/// `mergevolve check`: everything that is wrong with a search, and what it will cost.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a search file and forecast what the search will cost.",
    discussion: """
      Opens every model and benchmark, reports all that is wrong at once, and prints the forecast: \
      dimension, population, generations, candidates per hour, memory, and how much a kill can lose. \
      Nothing is written.

      Example: mergevolve check Searches/demo.yaml
      """)

  @Argument(help: ArgumentHelp("The search file (YAML).", valueName: "search.yaml"))
  var searchFile: String

  @Option(
    help: ArgumentHelp(
      "Budget in full passes over the search questions, instead of the file's.", valueName: "number"
    ))
  var evaluations: Int?

  @Option(
    help: ArgumentHelp(
      "For a genome of mergekit-evolve: the folder of the files of its tasks.",
      valueName: "folder"))
  var tasks: String?

  @Flag(help: "Print the forecast as JSON.")
  var json = false

  func run() async throws {
    let configuration = try SearchConfiguration.read(
      path: searchFile, overrides: SearchOverrides(evaluations: evaluations, tasks: tasks))
    let forecast = try Search.check(configuration)
    print(json ? forecast.json : forecast.text)
  }
}

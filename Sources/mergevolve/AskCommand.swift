import ArgumentParser
import Diagnostics
import Documents
import SearchDriver

/// `mergevolve ask`: candidates for whoever scores them outside of this program.
struct AskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract: "Hand out candidates of a search to be scored elsewhere.",
    discussion: """
      Prints JSON lines: {"id": 17, "kind": "search", "parameters": {…}, "recipe": "…"}. 'parameters' holds \
      the active parameters of a candidate; 'recipe' is the YAML of its merge, null where the search \
      has raw parameters. Each candidate is leased: nobody else is given it before the lease has \
      ended. Results come back through 'mergevolve tell'.

      Fewer lines, or none, mean that all other candidates of the generation are leased or scored: \
      the next ones are proposed when their results are told. Several callers may ask and tell at \
      the same time; while 'search' or 'resume' drives the store they are refused.

      A search for this purpose has 'objective: ask' instead of tasks; 'mergevolve search' then makes \
      the store and leaves the rest to ask and tell.

      Example: mergevolve ask runs/mine.sqlite --count 4
      """)

  @Argument(help: ArgumentHelp("The store of the search (SQLite).", valueName: "store"))
  var store: String

  @Option(help: ArgumentHelp("Candidates at the most.", valueName: "number"))
  var count = 1

  @Option(
    help: ArgumentHelp(
      "How long the candidates are kept for you, such as 30m or 2h.", valueName: "duration"))
  var lease = "1h"

  func validate() throws {
    if count < 1 { throw ValidationError("--count must be at least 1") }
  }

  func run() throws {
    let seconds = try AskTell.seconds(ofLease: lease, at: "--lease")
    let search = try AskTell(store: store, failpoints: try ProcessEnvironment.failpoints())
    for candidate in try search.ask(count, lease: seconds) { print(candidate.text(.compact)) }
    for message in search.messages { note(message) }
  }
}

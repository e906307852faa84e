import ArgumentParser
import Kernels

/// The command line: one subcommand per file.
@main
struct Mergevolve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mergevolve",
    abstract: "Finds the best way to merge your language models, overnight and on a CPU.",
    discussion: """
      A merge recipe says how the weights of several fine-tuned models are combined into one. \
      Mergevolve searches for the recipe whose merge scores best on your benchmarks, and needs no \
      GPU: recipes are scored without writing a merged model to disk. All results are kept in one \
      SQLite file; a search can be stopped at any time and goes on exactly where it stopped.

      Exit status: 0 done, 2 wrong usage or input, 1 failure while running, 130 stopped by you.

      Start with: mergevolve check Searches/demo.yaml
      """,
    version: "0.1.0",
    subcommands: [
      CheckCommand.self,
      SearchCommand.self,
      ResumeCommand.self,
      FinishCommand.self,
      AskCommand.self,
      TellCommand.self,
      InspectCommand.self,
      StatusCommand.self,
      ReportCommand.self,
      ExportCommand.self,
      MergeCommand.self,
      EvaluateCommand.self,
      ImportCommand.self,
      TokenizeCommand.self,
      LogitsCommand.self,
    ])

  static func main() async {
    pinOpenBLASKernels()
    do {
      var command = try await asyncParseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Ending(error).exit()
    }
  }
}

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
      GPU: recipes are scored without writing a merged model to disk.

      Start with: mergevolve check Searches/demo.yaml
      """,
    version: "0.1.0",
    subcommands: [
      InspectCommand.self,
      StatusCommand.self,
      ExportCommand.self,
      MergeCommand.self,
      EvaluateCommand.self,
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

import ArgumentParser

/// The command line: one subcommand per file.
@main
struct Mergevolve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mergevolve",
    abstract: "Finds the best way to merge your language models, overnight and on a CPU.")
}

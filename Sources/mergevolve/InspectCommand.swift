import ArgumentParser
import Documents
import Kernels

/// `mergevolve inspect`: what a checkpoint or a recipe holds, after checking all of it.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model holds, and whether it can be merged.",
    discussion: """
      Checks the files of a checkpoint (headers, shards, names and shapes against config.json, every \
      value finite) and shows architecture, sizes, dtypes, vocabulary and tokenizer. MODEL is a \
      folder in the layout of Hugging Face, the id of a model in the local Hugging Face cache, or \
      a merge recipe: then its models are checked, and the result of the merge is shown.

      Example: mergevolve inspect Datasets/demo/models/base
      """)

  @Argument(help: ArgumentHelp("A model's folder, its hub id, or a recipe.", valueName: "model"))
  var model: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let pool = WorkerPool(threads: WorkerPool.processorCount)
    let opened = try ModelArgument(model).open()
    try opened.checkFinite(on: pool)
    let summary = ModelSummary(opened, name: model)
    print(json ? summary.json.text(.indented) : summary.text)
  }
}

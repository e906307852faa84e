import Architectures
import Checkpoints
import Diagnostics
import Documents
import Foundation
import Kernels
import MergeEngine
import Recipes

/// The MODEL of a command line: a checkpoint, or a recipe that is merged on demand.
struct ModelArgument {
  let text: String

  init(_ text: String) { self.text = text }

  /// What the argument means once everything in it has been checked.
  struct Opened {
    let source: any WeightSource
    let configuration: ModelConfiguration
    /// The tokenizer that goes with the weights.
    let tokenizer: ModelTokenizer
    /// The checkpoints that are read.
    let models: [OpenModel]
    /// Nil for a checkpoint.
    let plan: MergePlan?

    /// Folder of the tokenizer's files.
    var tokenizerFolder: String { tokenizer.folder }

    /// - Throws: ``Diagnostic`` if a weight in use is NaN or infinite; `CancellationError`.
    func checkFinite(on pool: WorkerPool) throws {
      for model in models { try model.checkFinite(on: pool) }
    }
  }

  /// A file, or a name that only a recipe has: folders are checkpoints, and so are hub ids.
  var isRecipe: Bool {
    if FileContents.exists(text) {
      return !FileContents.isFolder(text)
        && ![".safetensors", ".gguf", ".bin"].contains { text.hasSuffix($0) }
    }
    return [".yaml", ".yml"].contains { text.hasSuffix($0) }
  }

  /// - Throws: ``Diagnostic`` if checkpoint or recipe is not in order.
  func open() throws(Diagnostic) -> Opened {
    if isRecipe {
      let plan = try plan()
      return Opened(
        source: plan, configuration: plan.configuration, tokenizer: plan.tokenizer,
        models: plan.models, plan: plan)
    }
    let model = try CheckpointLibrary().model(ModelReference(path: text))
    return Opened(
      source: model.checkpoint, configuration: model.configuration,
      tokenizer: ModelTokenizer(folder: model.checkpoint.path), models: [model], plan: nil)
  }

  /// - Throws: ``Diagnostic`` if there is no such model, or the recipe is not in order.
  func tokenizer() throws(Diagnostic) -> ModelTokenizer {
    isRecipe ? try plan().tokenizer : ModelTokenizer(folder: try ModelFolder(text).path)
  }

  /// The plan of the recipe.
  func plan() throws(Diagnostic) -> MergePlan {
    try MergePlan.build(
      RecipeDocument.read(path: text), library: CheckpointLibrary(), statistics: .forOneMerge())
  }
}

/// Writes a line for people to standard error.
func note(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}

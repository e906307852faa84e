import Architectures
import Checkpoints
import Diagnostics
import Documents
import Recipes

/// Opens what one stage of a document reads: checkpoints, and what earlier stages make.
struct StageModels {
  let document: RecipeDocument
  let earlier: [Int: MergePlan]
  let library: CheckpointLibrary
  let options: MergeOptions

  struct Opened {
    let models: [ModelReference: StageModel]
    /// Those behind the models, each once.
    let checkpoints: [OpenModel]
    let donor: StageModel
  }

  /// Where models are looked for beside the library's own folders: the folder of the recipe.
  private var folders: [String] {
    let location = document.location
    guard let slash = location.lastIndex(of: "/") else { return [""] }
    return [slash == location.startIndex ? "/" : String(location[..<slash])]
  }

  /// - Throws: ``Diagnostic`` if a model cannot be opened, or if architectures differ.
  func open(_ recipe: Recipe, at location: String) throws(Diagnostic) -> Opened {
    guard let reference = recipe.donor else {
      throw Diagnostic("names no model", at: location, fix: "list at least one model")
    }
    let donor = try model(reference, readAs: nil)
    let architecture = donor.model.configuration.architecture
    var models: [ModelReference: StageModel] = [:]
    var checkpoints: [OpenModel] = []
    for reference in recipe.inputModels {
      let opened =
        reference == donor.model.reference
        ? donor
        : try model(
          reference, readAs: options.mixesArchitectures ? architecture.className : nil)
      models[reference] = opened.model
      checkpoints += opened.checkpoints
    }
    for reference in recipe.inputModels {
      guard let other = models[reference]?.configuration.architecture,
        other.modelType != architecture.modelType
      else { continue }
      throw Self.mixed(recipe, models, at: location)
    }
    var seen: Set<Int> = []
    return Opened(
      models: models, checkpoints: checkpoints.filter { seen.insert($0.number).inserted },
      donor: donor.model)
  }

  private func model(
    _ reference: ModelReference, readAs architecture: String?
  ) throws(Diagnostic) -> (model: StageModel, checkpoints: [OpenModel]) {
    if let index = document.stage(for: reference), let plan = earlier[index] {
      let reading = try library.reading(
        reference, relativeTo: folders, adapterDType: options.adapterDType)
      return (try StageModel(reference, plan, reading), plan.models)
    }
    let model = try library.model(
      reference, relativeTo: folders, readAs: architecture, adapterDType: options.adapterDType)
    return (StageModel(reference, model), [model])
  }

  private static func mixed(
    _ recipe: Recipe, _ models: [ModelReference: StageModel], at location: String
  ) -> Diagnostic {
    let types = recipe.inputModels.map { ($0, models[$0]?.configuration.architecture.modelType) }
    let first = types[0]
    let other = types.first { $0.1 != first.1 } ?? first
    return Diagnostic(
      "models have different architectures: '\(first.0)' is \(first.1 ?? ""), "
        + "'\(other.0)' is \(other.1 ?? "")",
      at: location, fix: "merge models of one architecture")
  }

  // MARK: Tokenizer

  /// The tokenizer that the recipe asks for.
  ///
  /// - Throws: ``Diagnostic`` if it cannot be built.
  func tokenizer(
    _ settings: TokenizerSettings, donor: StageModel, _ recipe: Recipe,
    _ models: [ModelReference: StageModel]
  ) throws(Diagnostic) -> OutputTokenizer {
    try library.tokenizer(
      settings, base: Self.input(donor), source: source(settings, models),
      models: recipe.inputModels.compactMap { models[$0] }.map(Self.input))
  }

  /// The model that the recipe names as the source; it need not be one of those that are merged.
  private func source(
    _ settings: TokenizerSettings, _ models: [ModelReference: StageModel]
  ) throws(Diagnostic) -> TokenizerInput? {
    guard case .model(let reference) = settings.source else { return nil }
    if let model = models[reference] { return Self.input(model) }
    if let index = document.stage(for: reference), let plan = earlier[index] {
      return TokenizerInput(
        reference: reference, tokenizer: plan.tokenizer,
        rowCount: plan.configuration.vocabularySize)
    }
    let folder = try library.tokenizerFolder(reference, relativeTo: folders)
    let path = "\(folder.path)/config.json"
    let config = FileContents.exists(path) ? try JSONValue.read(path: path) : nil
    return TokenizerInput(
      reference: reference, tokenizer: ModelTokenizer(folder: folder.path),
      rowCount: (config?["vocab_size"] ?? config?["text_config"]?["vocab_size"])?.integer)
  }

  private static func input(_ model: StageModel) -> TokenizerInput {
    TokenizerInput(
      reference: model.reference, tokenizer: model.tokenizer,
      rowCount: model.configuration.vocabularySize)
  }
}

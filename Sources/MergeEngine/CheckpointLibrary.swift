import Architectures
public import Checkpoints
public import Diagnostics
public import Recipes
import Synchronization
public import Tensors

/// The models that merges read, each opened and checked once and shared by all plans.
public final class CheckpointLibrary: Sendable {
  /// Where relative paths start, in the order in which they are tried; "" is the working directory.
  private let folders: [String]
  private let relocations: [String: String]
  private let cache: HubCache
  private let state = Mutex(State())

  private struct State {
    var models: [Place: OpenModel] = [:]
    var count = 0
    /// By folder; nil where there is no `tokenizer.json`.
    var vocabularies: [String: Vocabulary?] = [:]
    var tokenizers: [OutputTokenizer.Key: OutputTokenizer] = [:]
  }

  private struct Place: Hashable {
    let reference: String
    let adapter: String?
    let architecture: String?
    let adapterDType: DType?
    let folders: [String]
  }

  /// - Parameters:
  ///   - folders: Where relative paths start, in the order in which they are tried; "" is the working
  ///     directory. The folder of a recipe comes after them.
  ///   - relocations: New paths of models that have moved, by the reference that recipes name them by.
  ///   - cache: Where hub ids are looked up.
  public init(
    folders: [String] = [""], relocations: [String: String] = [:], cache: HubCache = .standard
  ) {
    self.folders = folders
    self.relocations = relocations
    self.cache = cache
  }

  /// Opens the model that a recipe refers to, or hands out the one that is open.
  ///
  /// - Parameters:
  ///   - reference: A local folder or a hub id, with an adapter or without.
  ///   - folders: Where to look beside the library's own folders, such as the recipe's.
  ///   - architecture: The class as which the model is read instead of its own.
  ///   - adapterDType: To which the model is cast before an adapter is merged into it.
  /// - Returns: The model, with headers, configuration, names and shapes checked.
  /// - Throws: ``Diagnostic`` that names the folder or file at fault.
  public func model(
    _ reference: ModelReference, relativeTo folders: [String] = [],
    readAs architecture: String? = nil, adapterDType: DType? = nil
  ) throws(Diagnostic) -> OpenModel {
    let place = Place(
      reference: name(of: reference.model), adapter: reference.adapter.map(name),
      architecture: architecture ?? reference.architecture,
      adapterDType: reference.adapter == nil ? nil : adapterDType, folders: self.folders + folders)
    if let model = state.withLock({ $0.models[place] }) { return model }
    let checkpoint = try Checkpoint.open(
      place.reference, relativeTo: place.folders, cache: cache)
    let reading = try self.reading(place)
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    let model = try OpenModel(checkpoint, reading, number: number)
    return state.withLock { state in
      // Several references may mean one folder; whoever was first keeps it.
      let known = state.models[place] ?? state.models.first { $1.isSame(as: model) }?.value
      state.models[place] = known ?? model
      return known ?? model
    }
  }

  /// How an adapter is merged into what another stage makes.
  ///
  /// - Throws: ``Diagnostic`` if there is no such adapter.
  func reading(
    _ reference: ModelReference, relativeTo folders: [String], adapterDType: DType?
  ) throws(Diagnostic) -> ModelReading {
    try reading(
      Place(
        reference: "", adapter: reference.adapter.map(name), architecture: nil,
        adapterDType: adapterDType, folders: self.folders + folders))
  }

  private func reading(_ place: Place) throws(Diagnostic) -> ModelReading {
    var reading = ModelReading(adapterDType: place.adapterDType)
    if let adapter = place.adapter {
      reading.adapter = try LoRAAdapter(
        folder: ModelFolder(adapter, relativeTo: place.folders, cache: cache))
    }
    if let architecture = place.architecture {
      reading.architecture = try ModelReading.architecture(
        named: architecture, at: place.reference)
    }
    return reading
  }

  /// Where a model or adapter is now.
  private func name(of path: ModelPath) -> String {
    relocations[path.description] ?? path.description
  }

  // MARK: Tokenizers

  /// The tokenizer that a recipe asks for, built once.
  ///
  /// - Throws: ``Diagnostic`` if a `tokenizer.json` is damaged, or missing where it is needed, or if
  ///   rows cannot be taken from where the recipe says.
  func tokenizer(
    _ settings: TokenizerSettings, base: TokenizerInput, source: TokenizerInput?,
    models: [TokenizerInput]
  ) throws(Diagnostic) -> OutputTokenizer {
    let key = OutputTokenizer.Key(settings, [base] + models + (source.map { [$0] } ?? []))
    if let known = state.withLock({ $0.tokenizers[key] }) { return known }
    let built = try OutputTokenizer(
      settings, base: base, source: source, models: models
    ) { tokenizer throws(Diagnostic) in try vocabulary(of: tokenizer) }
    state.withLock { $0.tokenizers[key] = built }
    return built
  }

  /// The folder of a model of which only the tokenizer is used.
  ///
  /// - Throws: ``Diagnostic`` if there is no such folder.
  func tokenizerFolder(
    _ reference: ModelReference, relativeTo folders: [String]
  ) throws(Diagnostic) -> ModelFolder {
    try ModelFolder(
      name(of: reference.model), relativeTo: self.folders + folders, cache: cache)
  }

  private func vocabulary(of tokenizer: ModelTokenizer) throws(Diagnostic) -> Vocabulary? {
    if let document = tokenizer.document {
      return try Vocabulary(document, path: "\(tokenizer.folder)/tokenizer.json")
    }
    let folder = tokenizer.folder
    if let known = state.withLock({ $0.vocabularies[folder] }) { return known }
    let vocabulary = try Vocabulary(folder: folder)
    state.withLock { $0.vocabularies[folder] = .some(vocabulary) }
    return vocabulary
  }
}

extension OpenModel {
  /// Whether two references have led to the same weights.
  fileprivate func isSame(as other: OpenModel) -> Bool {
    checkpoint.path == other.checkpoint.path
      && reading.adapter?.folder == other.reading.adapter?.folder
      && reading.architecture?.className == other.reading.architecture?.className
      && reading.adapterDType == other.reading.adapterDType
  }
}

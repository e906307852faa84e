import Architectures
public import Checkpoints
public import Diagnostics
public import Recipes
import Synchronization

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
    var alignments: [[String]: VocabularyAlignment?] = [:]
  }

  private struct Place: Hashable {
    let reference: String
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
  ///   - reference: A local folder or a hub id.
  ///   - folders: Where to look beside the library's own folders, such as the recipe's.
  /// - Returns: The model, with headers, configuration, names and shapes checked.
  /// - Throws: ``Diagnostic`` that names the folder or file at fault.
  public func model(
    _ reference: ModelReference, relativeTo folders: [String] = []
  ) throws(Diagnostic) -> OpenModel {
    let written = reference.revision == nil ? reference.path : reference.description
    let name = relocations[written] ?? written
    let place = Place(reference: name, folders: self.folders + folders)
    if let model = state.withLock({ $0.models[place] }) { return model }
    let checkpoint = try Checkpoint.open(name, relativeTo: place.folders, cache: cache)
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    let model = try OpenModel(checkpoint, number: number)
    return state.withLock { state in
      // Several references may mean one folder; whoever was first keeps it.
      let known =
        state.models[place] ?? state.models.values.first { $0.checkpoint.path == checkpoint.path }
      state.models[place] = known ?? model
      return known ?? model
    }
  }

  /// How the rows of the models' embeddings come into the order of the source's vocabulary.
  ///
  /// - Returns: Nil if they are in that order.
  /// - Throws: ``Diagnostic`` if a `tokenizer.json` is damaged, or missing where it is needed.
  func alignment(
    to source: StageModel, of models: [StageModel]
  ) throws(Diagnostic) -> VocabularyAlignment? {
    let key = ([source] + models).flatMap { model in
      [
        model.reference.description, model.tokenizerFolder,
        "\(model.configuration.vocabularySize)",
      ]
    }
    if let known = state.withLock({ $0.alignments[key] }) { return known }
    var vocabularies: [(model: StageModel, vocabulary: Vocabulary?)] = []
    for model in models {
      vocabularies.append((model, try vocabulary(ofFolder: model.tokenizerFolder)))
    }
    let alignment = try VocabularyAlignment(
      to: (source, try vocabulary(ofFolder: source.tokenizerFolder)), of: vocabularies)
    state.withLock { $0.alignments[key] = .some(alignment) }
    return alignment
  }

  private func vocabulary(ofFolder folder: String) throws(Diagnostic) -> Vocabulary? {
    if let known = state.withLock({ $0.vocabularies[folder] }) { return known }
    let vocabulary = try Vocabulary(folder: folder)
    state.withLock { $0.vocabularies[folder] = .some(vocabulary) }
    return vocabulary
  }
}

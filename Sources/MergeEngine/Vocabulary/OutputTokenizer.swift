import Diagnostics
import Documents
import Recipes

/// A model whose tokenizer takes part in that of the output.
struct TokenizerInput: Sendable {
  let reference: ModelReference
  let tokenizer: ModelTokenizer
  /// Rows of the model's embedding, nil if not known; tokens from there on are not in use.
  let rowCount: Int?
}

/// The tokenizer that a recipe asks for, and where its rows are in each model.
///
/// A union keeps the base's numbers. Then come the ordinary tokens of the other models, in the order of
/// the recipe and of their numbers, which text is searched for literally, since merges are not united; then
/// their added tokens. Reference: mergekit 0.1.5, tokenizer/build.py, which takes ordinary tokens in the
/// order of a hash table.
struct OutputTokenizer: Sendable {
  let tokenizer: ModelTokenizer
  /// Nil if every row stands where it should already.
  let alignment: VocabularyAlignment?
  let notes: [String]

  /// What a tokenizer is built from.
  struct Key: Hashable, Sendable {
    let settings: TokenizerSettings
    let inputs: [ModelReference]
    let tokenizers: [ModelTokenizer]
    let rowCounts: [Int?]

    init(_ settings: TokenizerSettings, _ inputs: [TokenizerInput]) {
      self.settings = settings
      self.inputs = inputs.map(\.reference)
      tokenizers = inputs.map(\.tokenizer)
      rowCounts = inputs.map(\.rowCount)
    }
  }

  /// - Parameters:
  ///   - settings: What the recipe asks for.
  ///   - base: The base model, else the first one.
  ///   - source: The model that gives the tokenizer, if the recipe names one.
  ///   - models: All whose weights are merged, in the order of the recipe.
  ///   - read: The vocabulary of a tokenizer; nil if it has none.
  /// - Throws: ``Diagnostic`` if a vocabulary is missing where it is needed, or has no tokens, or if rows
  ///   cannot be taken from where the recipe says.
  init(
    _ settings: TokenizerSettings, base: TokenizerInput, source: TokenizerInput?,
    models: [TokenizerInput], read: (ModelTokenizer) throws(Diagnostic) -> Vocabulary?
  ) throws(Diagnostic) {
    var vocabularies: [(model: TokenizerInput, vocabulary: Vocabulary?)] = []
    for model in models { vocabularies.append((model, try read(model.tokenizer))) }
    let origin = source ?? base
    guard let vocabulary = try read(origin.tokenizer) else {
      guard
        vocabularies.contains(where: { $0.vocabulary != nil })
          || Set(models.map(\.rowCount)).count > 1 || settings != TokenizerSettings(.base)
      else {
        (tokenizer, alignment, notes) = (origin.tokenizer, nil, [])
        return
      }
      throw Diagnostic(
        "the tokenizer source has no tokenizer.json, so vocabularies cannot be aligned",
        at: origin.tokenizer.folder, fix: "download tokenizer.json as well")
    }
    var builder = try Builder(origin, vocabulary)
    if settings.source == .union {
      builder.unite(with: vocabularies.filter { $0.model.reference != origin.reference })
    }
    for token in settings.tokens { builder.add(plain: .init(token.text)) }
    tokenizer = try builder.finished()
    let aligned = try VocabularyAlignment.between(
      builder.ids, settings, vocabulary, of: vocabularies)
    alignment = aligned.alignment
    notes = builder.notes + aligned.notes
  }
}

/// A vocabulary that grows.
private struct Builder {
  private(set) var ids: [Vocabulary.Token: Int]
  private(set) var notes: [String] = []
  private let origin: TokenizerInput
  private let vocabulary: Vocabulary
  private var document: TokenizerDocument
  private var removed: Int?

  /// Begins with the tokens of a model that its embedding has rows for.
  init(_ origin: TokenizerInput, _ vocabulary: Vocabulary) throws(Diagnostic) {
    self.origin = origin
    self.vocabulary = vocabulary
    let original =
      if let built = origin.tokenizer.document { built } else {
        try JSONValue.read(path: "\(origin.tokenizer.folder)/tokenizer.json")
      }
    document = TokenizerDocument(original, vocabulary)
    ids = vocabulary.ids
    if let limit = origin.rowCount, vocabulary.end > limit {
      document.remove(from: limit)
      removed = limit
      let count = ids.values.count { $0 >= limit }
      ids = ids.filter { $0.value < limit }
      notes.append(
        "\(count) tokens of '\(origin.reference)' have no row in its embedding and are left out")
    }
    guard !ids.isEmpty else {
      throw Diagnostic(
        "the tokenizer source has no tokens", at: origin.tokenizer.folder,
        fix: "take tokenizer.json from the original model")
    }
  }

  mutating func unite(with models: [(model: TokenizerInput, vocabulary: Vocabulary?)]) {
    let others = models.compactMap { model, vocabulary in
      vocabulary.map { (limit: model.rowCount ?? .max, vocabulary: $0) }
    }
    func isInUse(_ id: Int) -> Bool { removed.map { id < $0 } ?? true }
    var added = Set(vocabulary.added.filter { isInUse($0.id) }.map(\.token))
    var entries: [Vocabulary.AddedToken] = []
    for (limit, other) in others {
      for token in other.added where token.id < limit && added.insert(token.token).inserted {
        entries.append(token)
      }
    }
    for (limit, other) in others {
      for (token, id) in other.ordinary where id < limit && !added.contains(token) {
        add(plain: token)
      }
    }
    for entry in entries {
      let known = ids[entry.token]
      ids[entry.token] = document.add(entry.token, entry: entry.entry, id: known)
    }
  }

  mutating func add(plain token: Vocabulary.Token) {
    if ids[token] == nil { ids[token] = document.add(plain: token) }
  }

  /// - Throws: ``Diagnostic`` if `tokenizer_config.json` is damaged.
  func finished() throws(Diagnostic) -> ModelTokenizer {
    guard document.isChanged else { return origin.tokenizer }
    return ModelTokenizer(
      folder: origin.tokenizer.folder, document: document.finished,
      configuration: try configuration())
  }

  /// `tokenizer_config.json` without the tokens that were left out; nil if it may stay as it is.
  private func configuration() throws(Diagnostic) -> JSONValue? {
    var config = origin.tokenizer.configuration
    guard let removed else { return config }
    let path = "\(origin.tokenizer.folder)/tokenizer_config.json"
    if config == nil, FileContents.exists(path) { config = try JSONValue.read(path: path) }
    guard case .object(var members) = config,
      let position = members.lastIndex(where: { $0.key == "added_tokens_decoder" }),
      case .object(let tokens) = members[position].value
    else { return config }
    members[position].value = .object(tokens.filter { (Int($0.key) ?? 0) < removed })
    return .object(members)
  }
}

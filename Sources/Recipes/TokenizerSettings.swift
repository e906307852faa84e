/// What a recipe says about the output's tokenizer: its `tokenizer` section, or `tokenizer_source`.
///
/// Embeddings and head are aligned to the output's vocabulary, token by token.
/// Reference: <https://github.com/arcee-ai/mergekit/blob/main/docs/tokenizer.md>
public struct TokenizerSettings: Hashable, Sendable {
  /// Whose vocabulary the output has.
  public enum Source: Hashable, Sendable {
    /// That of `base_model`, else of the first model.
    case base
    /// The base's, then all tokens of the other models, in the order of the recipe.
    case union
    case model(ModelReference)
  }

  /// Where the row of a token comes from.
  public enum RowSource: Hashable, Sendable {
    case zero
    /// The row of the same token in that model.
    case model(ModelReference)
    /// The row of another token of that model.
    case token(String, of: ModelReference)
    /// A row of that model by its number.
    case row(Int, of: ModelReference)

    /// Nil for zeros.
    public var model: ModelReference? {
      switch self {
      case .zero: nil
      case .model(let model), .token(_, let model), .row(_, let model): model
      }
    }
  }

  /// A token with settings of its own; it joins the vocabulary if it is not there.
  public struct Token: Hashable, Sendable {
    public var text: String
    /// For models that lack the token; nil: as for any other token.
    public var source: RowSource?
    /// Whether models that have the token take the source's row too.
    public var isForced: Bool

    public init(_ text: String, source: RowSource? = nil, isForced: Bool = false) {
      self.text = text
      self.source = source
      self.isForced = isForced
    }
  }

  public var source: Source
  /// The output's vocabulary has a multiple of so many rows; those without a token are the mean.
  public var rowMultiple: Int?
  /// In the order of the recipe.
  public var tokens: [Token]

  public init(_ source: Source, rowMultiple: Int? = nil, tokens: [Token] = []) {
    self.source = source
    self.rowMultiple = rowMultiple
    self.tokens = tokens
  }
}

import Diagnostics
import Recipes

/// Where the rows of the output's vocabulary are in each model.
///
/// Reference: mergekit's `tokenizer_source`; a token that a model lacks enters with the row of the model
/// that has it, of the base, or with the mean of those that have it, so its difference from the base is zero.
struct VocabularyAlignment: Sendable {
  /// What the recipe says about a row.
  struct Setting: Sendable {
    /// Nil for zeros.
    let origin: (model: ModelReference, row: Int)?
    /// Whether models that have the token take that row too.
    let isForced: Bool
  }

  /// Rows that stand for tokens, or for gaps between their numbers.
  let tokenCount: Int
  /// Rows of the output's embedding; those from ``tokenCount`` on are the mean of the others.
  let rowCount: Int
  /// By output row.
  let settings: [Int: Setting]
  /// For each model its row of every token, or -1.
  private let rows: [ModelReference: [Int32]]

  func rows(of model: ModelReference) -> [Int32] { rows[model] ?? [] }

  /// Works out the rows.
  ///
  /// - Parameters:
  ///   - ids: The output's vocabulary.
  ///   - settings: What the recipe says about single tokens and about padding.
  ///   - standard: The vocabulary of models that have none of their own.
  ///   - models: All models, with their vocabularies.
  /// - Returns: No alignment if every row stands where it should already.
  /// - Throws: ``Diagnostic`` if a row cannot be taken from where the recipe says.
  static func between(
    _ ids: [Vocabulary.Token: Int], _ settings: TokenizerSettings, _ standard: Vocabulary,
    of models: [(model: TokenizerInput, vocabulary: Vocabulary?)]
  ) throws(Diagnostic) -> (alignment: VocabularyAlignment?, notes: [String]) {
    let tokenCount = (ids.values.max() ?? -1) + 1
    let multiple = settings.rowMultiple ?? 1
    let rowCount = (tokenCount + multiple - 1) / multiple * multiple
    var rows: [ModelReference: [Int32]] = [:]
    var notes: [String] = []
    for (model, own) in models {
      if own == nil {
        notes.append(
          "'\(model.reference)' has no tokenizer.json: assuming the tokens of the tokenizer source")
      }
      let vocabulary = own ?? standard
      var mapping = [Int32](repeating: -1, count: tokenCount)
      for (token, id) in ids {
        guard let row = vocabulary[token], row < model.rowCount ?? .max else { continue }
        mapping[id] = Int32(row)
      }
      rows[model.reference] = mapping
    }
    var stated: [Int: Setting] = [:]
    for token in settings.tokens {
      guard let source = token.source, let id = ids[.init(token.text)] else { continue }
      stated[id] = Setting(
        origin: try origin(source, of: token.text, id: id, rows, models, standard),
        isForced: token.isForced)
    }
    let inPlace = (0..<Int32(tokenCount)).map { $0 }
    if rowCount == tokenCount, !stated.values.contains(where: \.isForced),
      models.allSatisfy({ $0.model.rowCount == rowCount }),
      rows.values.allSatisfy({ $0 == inPlace })
    {
      return (nil, notes)
    }
    let orphans = (0..<tokenCount).count { row in
      stated[row] == nil && rows.values.allSatisfy { $0[row] < 0 }
    }
    if orphans > 0 {
      notes.append("\(orphans) tokens of the vocabulary are in no model: their rows are zero")
    }
    return (
      VocabularyAlignment(
        tokenCount: tokenCount, rowCount: rowCount, settings: stated, rows: rows), notes
    )
  }

  private static func origin(
    _ source: TokenizerSettings.RowSource, of token: String, id: Int,
    _ rows: [ModelReference: [Int32]],
    _ models: [(model: TokenizerInput, vocabulary: Vocabulary?)], _ standard: Vocabulary
  ) throws(Diagnostic) -> (model: ModelReference, row: Int)? {
    guard let reference = source.model,
      let input = models.first(where: { $0.model.reference == reference })
    else { return nil }
    let rowCount = input.model.rowCount ?? .max
    let row: Int? =
      switch source {
      case .zero: nil
      case .model: rows[reference].map { Int($0[id]) }
      case .token(let other, _): (input.vocabulary ?? standard)[.init(other)]
      case .row(let row, _): row
      }
    guard let row, row >= 0, row < rowCount else {
      let wanted =
        switch source {
        case .token(let other, _): "the token '\(other)'"
        case .row(let row, _): "row \(row)"
        case .zero, .model: "the token '\(token)'"
        }
      throw Diagnostic(
        "the row of token '\(token)' shall come from '\(reference)', which does not have \(wanted)",
        at: "\(input.model.tokenizer.folder)/tokenizer.json",
        fix: "name a token that the model has, or {kind: zero}")
    }
    return (reference, row)
  }
}

import Architectures
import Diagnostics
import Recipes

/// Where the rows of the output's vocabulary are in each model.
///
/// Reference: mergekit's `tokenizer_source`; a token that a model lacks enters with the row of the model
/// that has it, of the base, or with the mean of those that have it, so its difference from the base is zero.
struct VocabularyAlignment: Sendable {
  /// Rows of the output's embedding.
  let rowCount: Int
  /// For each model its row of every output row, or -1.
  private let rows: [ModelReference: [Int32]]
  let notes: [String]

  func rows(of model: ModelReference) -> [Int32] { rows[model] ?? [] }

  /// Nil if every row stands where it should already.
  ///
  /// - Parameters:
  ///   - source: The model whose vocabulary the output has.
  ///   - models: All models, with their vocabularies; nil where a model has none of its own.
  /// - Throws: ``Diagnostic`` if the source has no vocabulary, or an empty one.
  init?(
    to source: (model: StageModel, vocabulary: Vocabulary?),
    of models: [(model: StageModel, vocabulary: Vocabulary?)]
  ) throws(Diagnostic) {
    let sizes = Set(models.map { $0.model.configuration.vocabularySize })
    guard let vocabulary = source.vocabulary else {
      guard sizes.count > 1 || models.contains(where: { $0.vocabulary != nil }) else { return nil }
      throw Diagnostic(
        "the tokenizer source has no tokenizer.json, so vocabularies cannot be aligned",
        at: source.model.tokenizerFolder, fix: "download tokenizer.json as well")
    }
    // Tokens beyond the embedding of their own model have no row anywhere.
    let limit = source.model.configuration.vocabularySize
    let tokens = vocabulary.tokens.filter { $0.value < limit }
    guard let last = tokens.map(\.value).max() else {
      throw Diagnostic(
        "the tokenizer source has no tokens", at: source.model.tokenizerFolder,
        fix: "take tokenizer.json from the original model")
    }
    let rowCount = last + 1
    var rows: [ModelReference: [Int32]] = [:]
    var notes: [String] = []
    for (model, own) in models {
      if own == nil {
        notes.append(
          "'\(model.reference)' has no tokenizer.json: assuming the tokens of the tokenizer source")
      }
      var mapping = [Int32](repeating: -1, count: rowCount)
      for (token, id) in tokens {
        guard let row = (own ?? vocabulary)[token], row < model.configuration.vocabularySize else {
          continue
        }
        mapping[id] = Int32(row)
      }
      rows[model.reference] = mapping
    }
    let inPlace = (0..<Int32(rowCount)).map { $0 }
    if sizes == [rowCount], rows.values.allSatisfy({ $0 == inPlace }) { return nil }
    let orphans = (0..<rowCount).count { row in rows.values.allSatisfy { $0[row] < 0 } }
    if orphans > 0 {
      notes.append("\(orphans) tokens of the vocabulary are in no model: their rows are zero")
    }
    self.rowCount = rowCount
    self.rows = rows
    self.notes = notes
  }
}

public import Diagnostics

/// The tokenizer that a `tokenizer.json` describes: text to token ids and back.
///
/// Agrees id for id with the `tokenizers` library on the files it accepts and refuses every other
/// file by name. Texts are compared as UTF-8 bytes: canonically equivalent texts have their own tokens.
///
/// Encoding and decoding may run on any number of threads at a time; results never depend on it.
public struct Tokenizer: Sendable {
  /// What is in the file but deliberately not applied, such as a truncation.
  public let warnings: [Diagnostic]
  /// The token that starts a text, by `tokenizer_config.json`, else the model's configuration.
  public internal(set) var bosID: Int?
  /// The tokens that end a text, by `tokenizer_config.json`, else the model's configuration.
  ///
  /// Generation stops at any of them; the first one stands for all where one is needed.
  public internal(set) var eosIDs: [Int] = []

  let normalizer: (any Normalizer)?
  let addedTokens: AddedTokens
  let preTokenizer: (any PreTokenizer)?
  let model: any TokenModel
  let postProcessor: PostProcessor
  let decoder: any TokenDecoder

  // MARK: Encoding

  /// The tokens of a text.
  ///
  /// Tokens that were added to the vocabulary are recognised in the text, special ones included.
  /// - Parameters:
  ///   - text: The text; an empty one has special tokens only.
  ///   - addSpecialTokens: Whether the file's post-processor adds what it adds, such as a token for the
  ///     beginning. Without it nothing is added.
  /// - Returns: Ids in the order of the text.
  /// - Complexity: O(n log n) in the bytes of the text.
  public func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
    var ids: [Int] = []
    let bytes = Array(text.utf8)
    for piece in addedTokens.raw.cut(bytes) {
      switch piece {
      case .token(let id):
        ids.append(id)
      case .text(let range):
        let isWhole = range == bytes.indices
        var normalized = NormalizedText(
          bytes: isWhole ? bytes : Array(bytes[range]), leadsText: range.lowerBound == 0)
        normalizer?.normalize(&normalized)
        encode(normalized, to: &ids)
      }
    }
    return postProcessor.append(ids, addSpecialTokens: addSpecialTokens)
  }

  private func encode(_ text: NormalizedText, to ids: inout [Int]) {
    for piece in addedTokens.normalized.cut(text.bytes) {
      switch piece {
      case .token(let id):
        ids.append(id)
      case .text(let range):
        let isWhole = range == text.bytes.indices
        var words = Words(
          isWhole ? text.bytes : Array(text.bytes[range]),
          leadsText: range.lowerBound == 0 && text.leadsText)
        preTokenizer?.split(&words)
        model.encode(words, to: &ids)
      }
    }
  }

  // MARK: Decoding

  /// The text of tokens.
  ///
  /// Ids that no token has are skipped. Bytes that are not UTF-8, such as the first half of a
  /// character, become U+FFFD.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(ids.count)
    for id in ids where !(skipSpecialTokens && addedTokens.isHidden(id)) {
      if let token = addedTokens[id]?.pattern ?? model.vocabulary.token(id).map(Array.init) {
        tokens.append(token)
      }
    }
    decoder.decode(&tokens)
    return String(decoding: tokens.joined(), as: UTF8.self)
  }

  // MARK: Vocabulary

  /// One more than the highest id: the rows that a model's embedding needs at least.
  public var vocabularySize: Int { max(model.vocabulary.highestID, addedTokens.highestID) + 1 }

  /// The token as it is written in the file, such as `Ġthe`; nil if no token has the id.
  public func token(_ id: Int) -> String? {
    if let token = addedTokens[id] { return String(decoding: token.content, as: UTF8.self) }
    return model.vocabulary.token(id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The id of a token as it is written in the file, byte for byte.
  public func id(ofToken token: String) -> Int? {
    let bytes = Array(token.utf8)
    return addedTokens.id(of: bytes) ?? model.vocabulary.id(of: bytes)
  }

  /// What stands in for a missing context: the beginning token, else the end token.
  public var prefixTokenID: Int? { bosID ?? eosIDs.first }
}

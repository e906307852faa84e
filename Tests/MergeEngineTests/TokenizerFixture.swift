import Documents
import TestSupport

/// A BPE tokenizer of single words, to be written beside a ``TinyModel``.
struct TokenizerFixture {
  /// Ordinary tokens, numbered from 0.
  var words: [String]
  var merges: [[String]] = []
  /// Added tokens after the words; special ones are in angle brackets.
  var added: [String] = []

  init(_ words: [String], added: [String] = []) {
    self.words = words
    self.added = added
  }

  /// Numbered words.
  init(count: Int) { self.init((0..<count).map { "word\($0)" }) }

  var document: JSONValue {
    let vocabulary = words.enumerated().map { JSONValue.Member($1, JSONValue($0)) }
    let pairs = merges.map { JSONValue.array($0.map(JSONValue.string)) }
    return .object([
      .init("version", .string("1.0")),
      .init(
        "added_tokens",
        .array(added.enumerated().map { Self.entry($1, id: words.count + $0) })),
      .init(
        "model",
        .object([
          .init("type", .string("BPE")), .init("vocab", .object(vocabulary)),
          .init("merges", .array(pairs)),
        ])),
    ])
  }

  static func entry(_ token: String, id: Int, isNormalized: Bool = false) -> JSONValue {
    .object([
      .init("id", JSONValue(id)), .init("content", .string(token)),
      .init("single_word", .bool(false)), .init("lstrip", .bool(false)),
      .init("rstrip", .bool(false)), .init("normalized", .bool(isNormalized)),
      .init("special", .bool(token.hasPrefix("<"))),
    ])
  }

  func write(to folder: TemporaryFolder, model: String) throws {
    try folder.write(document.text(.indented), to: "\(model)/tokenizer.json")
  }
}

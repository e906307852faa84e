import Diagnostics
import Documents

/// The tokens of a `tokenizer.json` and their numbers.
struct Vocabulary: Sendable {
  /// Tokens are told apart by their UTF-8 bytes.
  private var ids: [Token: Int] = [:]

  struct Token: Hashable, Sendable {
    let text: String

    static func == (left: Token, right: Token) -> Bool {
      left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  subscript(token: Token) -> Int? { ids[token] }

  /// All tokens with their numbers, in no particular order.
  var tokens: some Collection<(key: Token, value: Int)> { ids }

  /// Nil if the folder has no `tokenizer.json`.
  ///
  /// - Parameter folder: A model's folder.
  /// - Throws: ``Diagnostic`` if the file does not hold a vocabulary.
  init?(folder: String) throws(Diagnostic) {
    let path = "\(folder)/tokenizer.json"
    guard FileContents.exists(path) else { return nil }
    let document = try JSONValue.read(path: path)
    switch document["model"]?["vocab"] {
    case .object(let members):
      for member in members {
        guard let id = member.value.integer, id >= 0 else { throw Self.damaged(path) }
        ids[Token(text: member.key)] = id
      }
    case .array(let entries):
      for (id, entry) in entries.enumerated() {
        guard let text = entry.array?.first?.string else { throw Self.damaged(path) }
        ids[Token(text: text)] = id
      }
    default: throw Self.damaged(path)
    }
    for added in document["added_tokens"]?.array ?? [] {
      guard let text = added["content"]?.string, let id = added["id"]?.integer, id >= 0 else {
        throw Self.damaged(path)
      }
      ids[Token(text: text)] = id
    }
  }

  private static func damaged(_ path: String) -> Diagnostic {
    Diagnostic(
      "holds no vocabulary of tokens and numbers", at: path,
      fix: "take tokenizer.json from the original model")
  }
}

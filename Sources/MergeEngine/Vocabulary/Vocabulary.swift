import Diagnostics
import Documents

/// The tokens of a `tokenizer.json` and their numbers.
struct Vocabulary: Sendable {
  /// Tokens are told apart by their UTF-8 bytes.
  private(set) var ids: [Token: Int] = [:]
  /// The tokens that are matched before the text is split, by rising number.
  let added: [AddedToken]
  private let addedTokens: Set<Token>

  struct Token: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: Token, right: Token) -> Bool {
      left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  struct AddedToken: Sendable {
    let token: Token
    let id: Int
    /// Its entry in `added_tokens`.
    let entry: JSONValue
  }

  subscript(token: Token) -> Int? { ids[token] }

  /// The tokens that are not ``added``, by rising number.
  var ordinary: [(token: Token, id: Int)] {
    ids.lazy.filter { !addedTokens.contains($0.key) }.map { (token: $0.key, id: $0.value) }
      .sorted { $0.id < $1.id }
  }

  /// The largest number plus one.
  var end: Int { (ids.values.max() ?? -1) + 1 }

  /// Nil if the folder has no `tokenizer.json`.
  ///
  /// - Parameter folder: A model's folder.
  /// - Throws: ``Diagnostic`` if the file does not hold a vocabulary.
  init?(folder: String) throws(Diagnostic) {
    let path = "\(folder)/tokenizer.json"
    guard FileContents.exists(path) else { return nil }
    try self.init(JSONValue.read(path: path), path: path)
  }

  /// - Throws: ``Diagnostic`` if the document does not hold a vocabulary.
  init(_ document: JSONValue, path: String) throws(Diagnostic) {
    switch document["model"]?["vocab"] {
    case .object(let members):
      ids.reserveCapacity(members.count)
      for member in members {
        guard let id = member.value.integer, Self.isID(id) else { throw Self.damaged(path) }
        ids[Token(member.key)] = id
      }
    case .array(let entries):
      for (id, entry) in entries.enumerated() {
        guard let text = entry.array?.first?.string else { throw Self.damaged(path) }
        ids[Token(text)] = id
      }
    default: throw Self.damaged(path)
    }
    var added: [AddedToken] = []
    for entry in document["added_tokens"]?.array ?? [] {
      guard let text = entry["content"]?.string, let id = entry["id"]?.integer, Self.isID(id) else {
        throw Self.damaged(path)
      }
      ids[Token(text)] = id
      added.append(AddedToken(token: Token(text), id: id, entry: entry))
    }
    self.added = added.sorted { $0.id < $1.id }
    addedTokens = Set(added.map(\.token))
  }

  /// Numbers beyond are damage, and would make tables of their size.
  private static func isID(_ id: Int) -> Bool { (0..<1 << 24).contains(id) }

  private static func damaged(_ path: String) -> Diagnostic {
    Diagnostic(
      "holds no vocabulary of tokens and numbers", at: path,
      fix: "take tokenizer.json from the original model")
  }
}

import Diagnostics
import Documents

/// A `tokenizer.json` that gains and loses tokens.
struct TokenizerDocument {
  private(set) var document: JSONValue
  /// Whether anything differs from the file.
  private(set) var isChanged = false
  private var added: [JSONValue]
  /// The next free number.
  private var end: Int

  typealias Token = Vocabulary.Token

  init(_ document: JSONValue, _ vocabulary: Vocabulary) {
    self.document = document
    added = vocabulary.added.map(\.entry)
    end = vocabulary.end
  }

  /// Adds a token that text is searched for literally, as `add_tokens` of transformers does.
  ///
  /// - Returns: Its number.
  @discardableResult
  mutating func add(plain token: Token) -> Int {
    func flag(_ key: String, _ value: Bool) -> JSONValue.Member { .init(key, .bool(value)) }
    return add(
      token,
      entry: .object([
        .init("id", JSONValue(end)), .init("content", .string(token.text)),
        flag("single_word", false), flag("lstrip", false), flag("rstrip", false),
        flag("normalized", true), flag("special", false),
      ]))
  }

  /// Adds a token with the settings of another tokenizer's entry.
  ///
  /// - Parameters:
  ///   - token: The token.
  ///   - entry: Says how text is searched for it.
  ///   - id: The token's number where it is an ordinary one already.
  /// - Returns: Its number.
  @discardableResult
  mutating func add(_ token: Token, entry: JSONValue, id: Int? = nil) -> Int {
    let number = id ?? end
    if id == nil { end += 1 }
    var members = entry.members ?? []
    members.removeAll { $0.key == "id" }
    added.append(.object([.init("id", JSONValue(number))] + members))
    isChanged = true
    return number
  }

  /// Removes the tokens from a number on, with the merges that need them.
  mutating func remove(from limit: Int) {
    isChanged = true
    end = min(end, limit)
    added.removeAll { ($0["id"]?.integer ?? 0) >= limit }
    guard var model = document["model"]?.members,
      let position = model.lastIndex(where: { $0.key == "vocab" })
    else { return }
    switch model[position].value {
    case .object(let members):
      let kept = members.filter { ($0.value.integer ?? 0) < limit }
      model[position].value = .object(kept)
      let prefix = document["model"]?["continuing_subword_prefix"]?.string ?? ""
      let tokens = Set(kept.map { Token($0.key) })
      if let merges = model.lastIndex(where: { $0.key == "merges" }),
        case .array(let pairs) = model[merges].value
      {
        model[merges].value = .array(
          pairs.filter { Self.isPossible($0, among: tokens, prefix: prefix) })
      }
    case .array(let pieces): model[position].value = .array(Array(pieces.prefix(limit)))
    default: break
    }
    set("model", .object(model))
  }

  /// Whether both parts of a merge and its result are tokens; written `"a b"` or `["a", "b"]`.
  private static func isPossible(
    _ pair: JSONValue, among tokens: Set<Token>, prefix: String
  ) -> Bool {
    let parts =
      pair.string.map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
      ?? pair.array?.compactMap(\.string) ?? []
    guard parts.count == 2, tokens.contains(Token(parts[0])), tokens.contains(Token(parts[1]))
    else { return false }
    let tail = parts[1].hasPrefix(prefix) ? String(parts[1].dropFirst(prefix.count)) : parts[1]
    return tokens.contains(Token(parts[0] + tail))
  }

  /// The document with its added tokens by rising number.
  var finished: JSONValue {
    var result = self
    result.set(
      "added_tokens",
      .array(added.sorted { ($0["id"]?.integer ?? 0) < ($1["id"]?.integer ?? 0) }))
    return result.document
  }

  private mutating func set(_ key: String, _ value: JSONValue) {
    guard case .object(var members) = document else { return }
    if let position = members.lastIndex(where: { $0.key == key }) {
      members[position].value = value
    } else {
      members.append(.init(key, value))
    }
    document = .object(members)
  }
}

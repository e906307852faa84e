import Diagnostics

/// A token that is cut out of the text before anything else looks at it.
struct AddedToken: Sendable {
  let id: Int
  /// UTF-8, not empty.
  let content: [UInt8]
  let isSpecial: Bool
  /// Whether it is searched in the normalized text, with its normalized content.
  let isNormalized: Bool
  /// Whether it counts only between characters that are not word characters.
  let isSingleWord: Bool
  let swallowsSpaceBefore: Bool
  let swallowsSpaceAfter: Bool

  /// `id` is what the library would assign; the file must agree.
  init(_ node: JSONNode, content: [UInt8], id: Int) throws(Diagnostic) {
    self.id = id
    self.content = content
    isSpecial = try node.required("special").flag()
    isNormalized = try node.required("normalized").flag()
    isSingleWord = try node.required("single_word").flag()
    swallowsSpaceBefore = try node.required("lstrip").flag()
    swallowsSpaceAfter = try node.required("rstrip").flag()
  }
}

/// The tokens that a tokenizer knows beside its model's vocabulary, or that it cuts out first.
struct AddedTokens: Sendable {
  /// In the order of the file; contents are unique.
  private let tokens: [AddedToken]
  /// Content to index in `tokens`.
  private let indices: ByteStringTable
  /// Id to index in `tokens`.
  private let indicesByID: [Int: Int]
  /// What decoding shows for each of `tokens`: the normalized content.
  private let shown: [[UInt8]]
  /// Ids that decoding drops when it skips special tokens.
  private let hidden: Set<Int>
  /// Those searched in the text as given, and those searched in the normalized text.
  let raw: AddedTokenSearch
  let normalized: AddedTokenSearch

  /// - Throws: ``Diagnostic`` if an entry is malformed or its id is not the one that follows from the
  ///   model's vocabulary and the order of the entries.
  init(
    _ node: JSONNode?, vocabulary: Vocabulary, normalizer: (any Normalizer)?
  ) throws(Diagnostic) {
    var tokens: [AddedToken] = []
    var indices = ByteStringTable()
    var nextID = vocabulary.count
    for entry in try node?.elements() ?? [] {
      let content = Array(try entry.string("content").utf8)
      if content.isEmpty { continue }
      let known = indices[content].map { tokens[Int($0)].id } ?? vocabulary.id(of: content)
      let id = known ?? nextID
      let idNode = try entry.required("id")
      let written = try idNode.tokenID()
      guard written == id else {
        throw idNode.failure(
          "'\(String(decoding: content, as: UTF8.self))' has the id \(written), but its place in the "
            + "vocabulary makes it \(id)")
      }
      nextID = max(nextID, id + 1)
      let token = try AddedToken(entry, content: content, id: id)
      if let index = indices[content] {
        tokens[Int(index)] = token
      } else {
        indices.insert(UInt32(tokens.count), for: content, content.indices)
        tokens.append(token)
      }
    }
    self.tokens = tokens
    self.indices = indices

    indicesByID = Dictionary(
      tokens.enumerated().map { ($0.element.id, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    shown = tokens.map { token in
      var text = NormalizedText(bytes: token.content, leadsText: true)
      if token.isNormalized { normalizer?.normalize(&text) }
      return text.bytes
    }
    hidden = Set(
      zip(tokens, shown).compactMap { token, shown in
        guard let index = indices[shown], tokens[Int(index)].isSpecial else { return nil }
        return token.id
      })
    let patterns = zip(tokens, shown).map { ($0, pattern: $1) }
    raw = AddedTokenSearch(patterns.filter { !$0.0.isNormalized })
    normalized = AddedTokenSearch(patterns.filter(\.0.isNormalized))
  }

  var highestID: Int { tokens.map(\.id).max() ?? -1 }

  func id(of content: [UInt8]) -> Int? { indices[content].map { tokens[Int($0)].id } }

  func content(_ id: Int) -> [UInt8]? { indicesByID[id].map { tokens[$0].content } }

  /// What decoding shows for the token.
  func shown(_ id: Int) -> [UInt8]? { indicesByID[id].map { shown[$0] } }

  /// Whether decoding drops the token when it skips special tokens.
  func isHidden(_ id: Int) -> Bool { hidden.contains(id) }
}

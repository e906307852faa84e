import Diagnostics

/// A token that is cut out of the text before anything else looks at it.
struct AddedToken: Sendable {
  let id: Int
  /// UTF-8, not empty.
  let content: [UInt8]
  /// What is searched for in a text and shown when decoding: the normalized content, not empty.
  let pattern: [UInt8]
  let isSpecial: Bool
  /// Whether it is searched in the normalized text.
  let isNormalized: Bool
  /// Whether it counts only between characters that are not word characters.
  let isSingleWord: Bool
  let swallowsSpaceBefore: Bool
  let swallowsSpaceAfter: Bool

  init(
    _ node: JSONNode, content: [UInt8], id: Int, normalizer: (any Normalizer)?
  ) throws(Diagnostic) {
    self.id = id
    self.content = content
    isSpecial = try node.required("special").flag()
    isNormalized = try node.required("normalized").flag()
    isSingleWord = try node.required("single_word").flag()
    swallowsSpaceBefore = try node.required("lstrip").flag()
    swallowsSpaceAfter = try node.required("rstrip").flag()
    var text = NormalizedText(bytes: content, leadsText: true)
    if isNormalized { normalizer?.normalize(&text) }
    pattern = text.bytes
    if pattern.isEmpty {
      throw node.failure(
        "nothing is left of the token after normalization", fix: "set its 'normalized' to false")
    }
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
  /// Ids of the tokens that look like a special token when decoded.
  private let hidden: Set<Int>
  /// Search for the tokens that are found in the text as given.
  let raw: AddedTokenSearch
  /// Search for the tokens that are found in the normalized text.
  let normalized: AddedTokenSearch

  /// Reads `added_tokens`; of a content listed twice the later entry counts.
  ///
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
      let index = indices[content].map(Int.init)
      let id = index.map { tokens[$0].id } ?? vocabulary.id(of: content) ?? nextID
      let written = try entry.required("id")
      guard try written.tokenID() == id else {
        let text = String(decoding: content, as: UTF8.self)
        throw written.failure(
          "'\(text)' has the id \(try written.tokenID()), but by its place it is \(id)")
      }
      nextID = max(nextID, id + 1)
      let token = try AddedToken(entry, content: content, id: id, normalizer: normalizer)
      if let index {
        tokens[index] = token
      } else {
        indices.insert(UInt32(tokens.count), for: content, content.indices)
        tokens.append(token)
      }
    }
    self.tokens = tokens
    self.indices = indices
    indicesByID = Dictionary(
      zip(tokens.map(\.id), tokens.indices), uniquingKeysWith: { first, _ in first })
    hidden = Set(
      tokens.filter { token in indices[token.pattern].map { tokens[Int($0)].isSpecial } ?? false }
        .map(\.id))
    raw = AddedTokenSearch(tokens.filter { !$0.isNormalized })
    normalized = AddedTokenSearch(tokens.filter(\.isNormalized))
  }

  var highestID: Int { tokens.map(\.id).max() ?? -1 }

  func id(of content: [UInt8]) -> Int? { indices[content].map { tokens[Int($0)].id } }

  subscript(id: Int) -> AddedToken? { indicesByID[id].map { tokens[$0] } }

  /// Whether decoding drops the token when it skips special tokens.
  func isHidden(_ id: Int) -> Bool { hidden.contains(id) }
}

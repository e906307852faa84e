/// Finds added tokens in a text: leftmost first, the longest of those that start at the same place.
struct AddedTokenSearch: Sendable {
  private let tokens: [AddedToken]
  private var trie = ByteTrie()

  /// Of tokens with equal patterns the first special one is found, else the first.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for isSpecial in [true, false] {
      for (index, token) in tokens.enumerated() where token.isSpecial == isSpecial {
        trie.insert(token.pattern, value: UInt32(index))
      }
    }
  }

  enum Piece {
    case text(Range<Int>)
    case token(id: Int)
  }

  /// Cuts a text at its added tokens; pieces of text are not empty.
  func cut(_ text: [UInt8]) -> [Piece] {
    var pieces: [Piece] = []
    var textStart = 0
    var searchStart = 0
    while !trie.isEmpty, let match = trie.firstMatch(in: text, searchStart..<text.count) {
      searchStart = match.range.upperBound
      let token = tokens[Int(match.value)]
      if token.isSingleWord, touchesWord(match.range, in: text) { continue }
      var start = match.range.lowerBound
      if token.swallowsSpaceBefore {
        start = max(text.endWithoutTrailingSpace(in: 0..<start), textStart)
      }
      var end = match.range.upperBound
      if token.swallowsSpaceAfter { end = text.startWithoutLeadingSpace(in: end..<text.count) }
      if textStart < start { pieces.append(.text(textStart..<start)) }
      // Nothing is left of a token that stands in the space swallowed by the one before it.
      if start < end { pieces.append(.token(id: token.id)) }
      textStart = end
    }
    if textStart < text.count { pieces.append(.text(textStart..<text.count)) }
    return pieces
  }

  private func touchesWord(_ range: Range<Int>, in text: [UInt8]) -> Bool {
    if range.lowerBound > 0, text.scalar(before: range.lowerBound).scalar.isWordCharacter {
      return true
    }
    return range.upperBound < text.count && text.scalar(at: range.upperBound).scalar.isWordCharacter
  }
}

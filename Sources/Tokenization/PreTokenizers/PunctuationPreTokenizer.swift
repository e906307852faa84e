import Diagnostics

/// Cuts at punctuation: ASCII punctuation and symbols, and the categories P* beyond ASCII.
struct PunctuationPreTokenizer: PreTokenizer {
  let behavior: SplitBehavior

  init(_ node: JSONNode) throws(Diagnostic) {
    behavior = try node.optional("behavior").map(SplitBehavior.init) ?? .isolated
  }

  func split(_ words: inout Words) {
    words.cut { bytes, word, parts in
      var matches: [Range<Int>] = []
      bytes.forEachScalar(in: word) { scalar, range in
        if scalar.isPunctuation { matches.append(range) }
      }
      behavior.appendParts(of: word, matches: matches, to: &parts)
    }
  }
}

import Diagnostics

/// Cuts words at the matches of a pattern.
struct SplitPreTokenizer: PreTokenizer {
  let pattern: TextPattern
  let behavior: SplitBehavior
  let isInverted: Bool

  init(_ node: JSONNode) throws(Diagnostic) {
    pattern = try TextPattern(node.required("pattern"))
    behavior = try SplitBehavior(node.required("behavior"))
    isInverted = try node.flag("invert", default: false)
  }

  func split(_ words: inout Words) {
    words.cut { bytes, word, parts in
      if case .words(let scanner) = pattern, behavior == .isolated {
        scanner.appendWords(of: bytes, word, to: &parts)
        return
      }
      var matches: [Range<Int>] = []
      pattern.appendMatches(in: bytes, word, to: &matches)
      behavior.appendParts(of: word, matches: matches, isInverted: isInverted, to: &parts)
    }
  }
}

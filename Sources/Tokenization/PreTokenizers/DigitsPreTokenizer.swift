import Diagnostics

/// Cuts numeric scalars (also `½`, `²`, `Ⅻ`) from the rest, each alone or in runs.
struct DigitsPreTokenizer: PreTokenizer {
  let cutsEachDigit: Bool

  init(_ node: JSONNode) throws(Diagnostic) {
    cutsEachDigit = try node.flag("individual_digits", default: false)
  }

  func split(_ words: inout Words) {
    words.cut { bytes, word, parts in
      var matches: [Range<Int>] = []
      bytes.forEachScalar(in: word) { scalar, range in
        let isDigit = scalar.isASCII ? 0x30...0x39 ~= scalar.value : scalar.isNumeric
        if isDigit { matches.append(range) }
      }
      let behavior = cutsEachDigit ? SplitBehavior.isolated : .contiguous
      behavior.appendParts(of: word, matches: matches, to: &parts)
    }
  }
}

import Diagnostics

/// Replaces all matches of a pattern in each token.
struct ReplaceDecoder: TokenDecoder {
  let pattern: TextPattern
  let content: [UInt8]

  init(_ node: JSONNode) throws(Diagnostic) {
    pattern = try TextPattern(node.required("pattern"))
    content = Array(try node.string("content").utf8)
  }

  func decode(_ tokens: inout [[UInt8]]) {
    var matches: [Range<Int>] = []
    for index in tokens.indices {
      matches.removeAll(keepingCapacity: true)
      pattern.appendMatches(in: tokens[index], tokens[index].indices, to: &matches)
      if !matches.isEmpty { tokens[index] = tokens[index].replacing(matches, with: content) }
    }
  }
}

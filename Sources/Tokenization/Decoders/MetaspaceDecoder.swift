import Diagnostics

/// Writes `▁` as a space; in the first token it disappears, unless none was prepended.
struct MetaspaceDecoder: TokenDecoder {
  let metaspace: Metaspace

  init(_ node: JSONNode) throws(Diagnostic) { metaspace = try Metaspace(node) }

  func decode(_ tokens: inout [[UInt8]]) {
    for index in tokens.indices {
      let isPrefix = index == 0 && metaspace.prepending != .never
      var matches: [Range<Int>] = []
      let token = tokens[index]
      token.appendOccurrences(of: metaspace.replacement, in: token.indices, to: &matches)
      if !matches.isEmpty {
        tokens[index] = token.replacing(matches, with: isPrefix ? [] : [UInt8(ascii: " ")])
      }
    }
  }
}

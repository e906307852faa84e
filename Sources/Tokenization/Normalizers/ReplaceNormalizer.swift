import Diagnostics

/// Replaces all matches of a pattern by a literal text.
struct ReplaceNormalizer: Normalizer {
  let pattern: TextPattern
  let content: [UInt8]

  init(_ node: JSONNode) throws(Diagnostic) {
    pattern = try TextPattern(node.required("pattern"))
    content = Array(try node.string("content").utf8)
  }

  func normalize(_ text: inout NormalizedText) {
    var matches: [Range<Int>] = []
    pattern.appendMatches(in: text.bytes, text.bytes.indices, to: &matches)
    guard let first = matches.first else { return }
    if first.lowerBound == 0, !first.isEmpty, !keepsOrigin(of: first, in: text.bytes) {
      text.leadsText = false
    }
    text.bytes = text.bytes.replacing(matches, with: content)
  }

  /// A replacement comes from the last scalar of what it replaces.
  private func keepsOrigin(of match: Range<Int>, in bytes: [UInt8]) -> Bool {
    !content.isEmpty && bytes.scalar(at: match.lowerBound).length == match.count
  }
}

import Diagnostics

/// Removes White_Space from the ends of a piece.
struct StripNormalizer: Normalizer {
  let left: Bool
  let right: Bool

  init(_ node: JSONNode) throws(Diagnostic) {
    left = try node.flag("strip_left", default: true)
    right = try node.flag("strip_right", default: true)
  }

  func normalize(_ text: inout NormalizedText) {
    let bytes = text.bytes
    var range = bytes.indices
    if right { range = range.lowerBound..<bytes.endWithoutTrailingSpace(in: range) }
    if left { range = bytes.startWithoutLeadingSpace(in: range)..<range.upperBound }
    if range.lowerBound > 0 { text.leadsText = false }
    if range != bytes.indices { text.bytes = Array(bytes[range]) }
  }
}

extension [UInt8] {
  /// Where White_Space at the start of `range` ends.
  func startWithoutLeadingSpace(in range: Range<Int>) -> Int {
    var start = range.lowerBound
    while start < range.upperBound {
      let (scalar, length) = scalar(at: start)
      guard scalar.isWhiteSpace else { break }
      start += length
    }
    return start
  }

  /// Where White_Space at the end of `range` starts.
  func endWithoutTrailingSpace(in range: Range<Int>) -> Int {
    var end = range.upperBound
    while end > range.lowerBound {
      let (scalar, start) = scalar(before: end)
      guard scalar.isWhiteSpace else { break }
      end = start
    }
    return end
  }
}

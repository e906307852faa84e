import Diagnostics

/// What becomes of the matches that cut a word.
enum SplitBehavior: String, CaseIterable, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  /// A match joins the text before it, unless that is a match too.
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  /// Neighbouring matches join each other.
  case contiguous = "Contiguous"

  init(_ node: JSONNode) throws(Diagnostic) {
    let name = try node.string()
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw unknownName(
        name, noun: "behavior", known: Self.allCases.map(\.rawValue), at: node.location)
    }
    self = behavior
  }

  /// Appends the parts that `matches` cut `word` into.
  ///
  /// - Parameters:
  ///   - word: The range to cut.
  ///   - matches: Ranges inside `word`, ascending, without overlap.
  ///   - isInverted: Whether the text between matches takes the role of the matches.
  ///   - parts: Receives the parts in order; some may be empty.
  func appendParts(
    of word: Range<Int>, matches: [Range<Int>], isInverted: Bool = false,
    to parts: inout [Range<Int>]
  ) {
    let segments = Self.segments(of: word, matches: matches, isInverted: isInverted)
    switch self {
    case .isolated:
      for segment in segments { parts.append(segment.range) }
    case .removed:
      for segment in segments where !segment.isMatch { parts.append(segment.range) }
    case .contiguous:
      appendJoined(segments, to: &parts) { $0.isMatch == $1.isMatch }
    case .mergedWithPrevious:
      appendJoined(segments, to: &parts) { !$0.isMatch && $1.isMatch }
    case .mergedWithNext:
      appendJoined(segments, to: &parts) { $0.isMatch && !$1.isMatch }
    }
  }

  private typealias Segment = (range: Range<Int>, isMatch: Bool)

  /// Matches and the text between them: they cover the word.
  private static func segments(
    of word: Range<Int>, matches: [Range<Int>], isInverted: Bool
  ) -> [Segment] {
    var segments: [Segment] = []
    segments.reserveCapacity(matches.count + 1)
    var end = word.lowerBound
    for match in matches {
      if end < match.lowerBound { segments.append((end..<match.lowerBound, isInverted)) }
      segments.append((match, !isInverted))
      end = match.upperBound
    }
    if end < word.upperBound { segments.append((end..<word.upperBound, isInverted)) }
    return segments
  }

  private func appendJoined(
    _ segments: [Segment], to parts: inout [Range<Int>],
    _ joins: (_ previous: Segment, _ next: Segment) -> Bool
  ) {
    var previous: Segment?
    for segment in segments {
      if let previous, joins(previous, segment), let last = parts.popLast() {
        parts.append(last.lowerBound..<segment.range.upperBound)
      } else {
        parts.append(segment.range)
      }
      previous = segment
    }
  }
}

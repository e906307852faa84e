import Diagnostics
import Patterns

/// What `Split` and `Replace` look for: a literal string or a regular expression.
enum TextPattern: Sendable {
  /// Not empty.
  case literal([UInt8])
  case expression(Pattern)
  case words(WordScanner)

  /// Reads `{"String": …}` or `{"Regex": …}`.
  init(_ node: JSONNode) throws(Diagnostic) {
    if let literal = try node.optional("String") {
      let text = try literal.string()
      guard !text.isEmpty else { throw literal.failure("an empty string matches nothing") }
      self = .literal(Array(text.utf8))
    } else if let expression = try node.optional("Regex") {
      let source = try expression.string()
      if let scanner = WordScanner.recognizing(source) {
        self = .words(scanner)
      } else {
        self = .expression(try Pattern(source, at: expression.location))
      }
    } else {
      throw node.failure("a pattern must have the key 'String' or 'Regex'")
    }
  }

  /// Appends all matches in `text[range]`, from left to right; they do not overlap.
  ///
  /// Nothing matches in an empty text, not even an expression that matches the empty string.
  func appendMatches(in text: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>]) {
    if range.isEmpty { return }
    switch self {
    case .literal(let literal):
      text.appendOccurrences(of: literal, in: range, to: &matches)
    case .expression(let pattern):
      pattern.appendMatches(in: text, range, to: &matches)
    case .words(let scanner):
      scanner.appendWords(of: text, range, to: &matches)
    }
  }
}

public import Diagnostics

/// A regular expression in Ruby's syntax, matched over UTF-8 by Oniguruma.
///
/// This is the engine and the syntax of Hugging Face's tokenizers: `^` and `$` match at every line,
/// nested classes are unions, `(?i)` folds `ſ` to `s`. A pattern is compiled once and may be matched
/// by any number of threads at a time. Backtracking has no limit, so long texts do not fail.
///
/// Reference: <https://github.com/kkos/oniguruma/blob/master/doc/RE>
public struct Pattern: Sendable {
  /// The expression as written.
  public let source: String
  private let expression: CompiledExpression

  /// - Parameters:
  ///   - source: The expression.
  ///   - location: Where it is written, for messages.
  /// - Throws: ``Diagnostic`` with the expression and Oniguruma's message.
  public init(_ source: String, at location: String) throws(Diagnostic) {
    self.source = source
    expression = try CompiledExpression(source, at: location)
  }

  /// One occurrence of a pattern, in offsets of UTF-8 bytes.
  public struct Match: Sendable, Hashable {
    public let range: Range<Int>
    /// What the capturing groups matched, in the order of their numbers from 1; nil where a group
    /// took no part.
    public let groups: [Range<Int>?]
  }

  /// All matches in a text, from left to right, with their groups.
  ///
  /// Matches do not overlap. An empty match right behind another match does not count; after it the
  /// search goes on one scalar further.
  public func matches(in text: String) -> [Match] {
    var matches: [Match] = []
    let bytes = Array(text.utf8)
    expression.search(bytes, in: bytes.indices) { region in
      matches.append(
        Match(range: region.range, groups: (1..<region.count).map { region.group($0) }))
    }
    return matches
  }

  /// All matches within `range` of a text, as if the range were the whole text.
  ///
  /// - Parameters:
  ///   - text: A text in UTF-8.
  ///   - range: A part that starts and ends between scalars, shorter than 2 GB.
  ///   - matches: Receives the ranges, as offsets into `text`, in the order and under the rules of
  ///     ``matches(in:)``.
  /// - Precondition: `text[range]` is valid UTF-8.
  public func appendMatches(
    in text: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>]
  ) {
    expression.search(text, in: range) { matches.append($0.range) }
  }
}

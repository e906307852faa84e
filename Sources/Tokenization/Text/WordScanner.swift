/// Cuts text into words as the patterns of GPT-2, Llama 3, Qwen2 and their heirs do.
///
/// The patterns decide by the class of at most three neighbouring scalars and the extent of runs, so
/// one pass finds the matches that a backtracking engine finds. They match every scalar: words are
/// contiguous. Reference: the tests compare with Oniguruma.
enum WordScanner: Sendable {
  /// GPT-2: `'s|'t|… | ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// The pattern of cl100k: contractions in any case, at most `digits` numbers in a word, line breaks
  /// join the symbols before them.
  case cl100k(digits: Int)

  /// The scanner of a pattern that is known by its exact text.
  static func recognizing(_ expression: String) -> WordScanner? {
    known.first { $0.expression.utf8.elementsEqual(expression.utf8) }?.scanner
  }

  static let known: [(expression: String, scanner: WordScanner)] = [
    (gpt2Expression, .gpt2),
    (cl100kExpression(numbers: #"\p{N}{1,3}"#), .cl100k(digits: 3)),
    (cl100kExpression(numbers: #"\p{N}"#), .cl100k(digits: 1)),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}|"#
        + #" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
      .cl100k(digits: 3)
    ),
  ]

  private static let gpt2Expression =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private static func cl100kExpression(numbers: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Appends the words of `text[range]`, which cover it.
  func appendWords(of text: [UInt8], _ range: Range<Int>, to words: inout [Range<Int>]) {
    let cursor = Cursor(text: text, end: range.upperBound)
    var start = range.lowerBound
    while start < range.upperBound {
      let end =
        switch self {
        case .gpt2: cursor.gpt2Word(from: start)
        case .cl100k(let digits): cursor.cl100kWord(from: start, digits: digits)
        }
      words.append(start..<end)
      start = end
    }
  }
}

/// Classes of the scalars of a text, up to an end.
private struct Cursor {
  let text: [UInt8]
  let end: Int

  private func scalarClass(at index: Int) -> (ScalarClass, length: Int)? {
    guard index < end else { return nil }
    let (scalar, length) = text.scalar(at: index)
    return (ScalarClass(scalar), length)
  }

  /// Where the run of scalars of one class that starts at `index` ends, after at most `limit`.
  private func run(_ wanted: ScalarClass, from index: Int, limit: Int = .max) -> Int {
    var index = index
    var count = 0
    while count < limit, let (found, length) = scalarClass(at: index), found == wanted {
      index += length
      count += 1
    }
    return index
  }

  private func lineBreaks(from index: Int) -> Int { run(.lineBreak, from: index) }

  // MARK: GPT-2

  func gpt2Word(from start: Int) -> Int {
    if let end = contraction(at: start, ignoresCase: false) { return end }
    let first = text[start] == UInt8(ascii: " ") ? start + 1 : start
    if let (found, length) = scalarClass(at: first), !found.isSpace {
      return run(found, from: first + length)
    }
    return space(from: start, keepsLineBreaks: false)
  }

  // MARK: cl100k

  func cl100kWord(from start: Int, digits: Int) -> Int {
    if let end = contraction(at: start, ignoresCase: true) { return end }
    guard let (found, length) = scalarClass(at: start) else { return end }
    let second = start + length
    if found == .letter { return run(.letter, from: second) }
    if found == .number { return run(.number, from: start, limit: digits) }
    // Any scalar but a line break may lead a word.
    if found != .lineBreak, scalarClass(at: second)?.0 == .letter {
      return run(.letter, from: second)
    }
    if found == .other { return lineBreaks(from: run(.other, from: second)) }
    if text[start] == UInt8(ascii: " "), scalarClass(at: second)?.0 == .other {
      return lineBreaks(from: run(.other, from: second))
    }
    return space(from: start, keepsLineBreaks: true)
  }

  // MARK: Shared

  /// `\s+(?!\S)|\s+`, before it `\s*[\r\n]+` if line breaks are kept together with what precedes them.
  private func space(from start: Int, keepsLineBreaks: Bool) -> Int {
    var index = start
    var last = start
    var lineBreakEnd: Int?
    while let (found, length) = scalarClass(at: index), found.isSpace {
      last = index
      index += length
      if found == .lineBreak { lineBreakEnd = index }
    }
    if keepsLineBreaks, let lineBreakEnd { return lineBreakEnd }
    // A space before a word is left to the word, unless it is alone.
    return index == end || last == start ? index : last
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `start`.
  private func contraction(at start: Int, ignoresCase: Bool) -> Int? {
    guard text[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    let fold: UInt8 = ignoresCase ? 0x20 : 0
    switch text[start + 1] | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return follows(UInt8(ascii: "e"), fold, start + 2)
    case UInt8(ascii: "l"):
      return follows(UInt8(ascii: "l"), fold, start + 2)
    default:
      // ſ (U+017F) folds to s.
      return ignoresCase && text.holds([0xC5, 0xBF], at: start + 1, before: end) ? start + 3 : nil
    }
  }

  private func follows(_ letter: UInt8, _ fold: UInt8, _ index: Int) -> Int? {
    index < end && text[index] | fold == letter ? index + 1 : nil
  }
}

extension ScalarClass {
  fileprivate var isSpace: Bool { self == .whiteSpace || self == .lineBreak }
}

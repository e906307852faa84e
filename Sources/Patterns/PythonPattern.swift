public import Diagnostics

/// A regular expression of Python's `re`, matched by Oniguruma.
///
/// What Oniguruma means otherwise is rewritten; what it lacks (conditions, the flags `a`, `L` and `x`) is
/// refused. `\w` knows combining marks besides letters, digits and `_`.
public struct PythonPattern: Sendable {
  public let source: String
  private let expression: CompiledExpression
  /// Numbers of the named groups, from 1.
  private let groupNumbers: [String: Int]
  private let groupCount: Int

  /// - Parameters:
  ///   - source: The expression.
  ///   - ignoresCase: Whether the flag `IGNORECASE` is set for all of it.
  ///   - location: Where it is written, for messages.
  /// - Throws: ``Diagnostic`` with the expression and what is wrong with it.
  public init(_ source: String, ignoresCase: Bool = false, at location: String) throws(Diagnostic) {
    self.source = source
    var translation = PythonPatternTranslation(source, ignoresCase: ignoresCase, at: location)
    let translated = try translation.translate()
    do {
      expression = try CompiledExpression(translated, at: location)
    } catch {
      var diagnostic = error
      diagnostic.problem = diagnostic.problem.replacing(translated, with: source)
      diagnostic.fix = "correct it; the syntax is that of Python's 're'"
      throw diagnostic
    }
    groupNumbers = translation.groupNumbers
    groupCount = translation.groupCount
  }

  /// `findall`: for each match its text, that of its one group, or those of its groups; `""` for a group that
  /// took no part.
  public func findAll(in text: String) -> [[String]] {
    let bytes = Array(text.utf8)
    return matches(bytes).map { match in
      let wanted = match.count > 1 ? match.dropFirst() : match[...]
      return wanted.map { $0.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "" }
    }
  }

  /// `sub`: every match (the first `limit` of them, if that is above 0) replaced.
  ///
  /// - Parameters:
  ///   - replacement: May name groups as `\1`, `\g<1>` and `\g<name>`.
  ///   - text: Where matches are looked for.
  ///   - limit: 0 for all matches.
  ///   - location: Where the replacement is written, for messages.
  /// - Returns: The text with the replacements.
  /// - Throws: ``Diagnostic`` for a replacement that names no group, or has an unknown escape.
  public func replace(
    with replacement: String, in text: String, limit: Int = 0, at location: String
  ) throws(Diagnostic) -> String {
    let parts = try parts(of: replacement, at: location)
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    let matches = matches(bytes)
    for match in limit > 0 ? matches.prefix(limit) : matches[...] {
      guard let range = match[0] else { continue }
      result += bytes[position..<range.lowerBound]
      for part in parts {
        switch part {
        case .text(let text): result += text.utf8
        case .group(let number): if let group = match[number] { result += bytes[group] }
        }
      }
      position = range.upperBound
    }
    result += bytes[position...]
    return String(decoding: result, as: UTF8.self)
  }

  /// `sub` with nothing.
  public func remove(from text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    for match in matches(bytes) {
      guard let range = match[0] else { continue }
      result += bytes[position..<range.lowerBound]
      position = range.upperBound
    }
    result += bytes[position...]
    return String(decoding: result, as: UTF8.self)
  }

  /// Match and groups of every match.
  private func matches(_ bytes: [UInt8]) -> [[Range<Int>?]] {
    var matches: [[Range<Int>?]] = []
    expression.search(bytes, in: bytes.indices, emptyMatches: .adjacent) { region in
      matches.append((0..<region.count).map { region.group($0) })
    }
    return matches
  }

  // MARK: Replacements

  private enum Part {
    case text(String)
    case group(Int)
  }

  private func parts(
    of replacement: String, at location: String
  ) throws(Diagnostic) -> [Part] {
    var parts: [Part] = []
    var scalars = replacement.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "\\", let letter = scalars.popFirst() else {
        parts.append(.text(String(scalar)))
        continue
      }
      if let simple = Self.escapes[letter] {
        parts.append(.text(simple))
      } else if letter == "g", scalars.first == "<", let end = scalars.firstIndex(of: ">") {
        let name = String(scalars[scalars.index(after: scalars.startIndex)..<end])
        scalars = scalars[scalars.index(after: end)...]
        parts.append(.group(try group(name, replacement, at: location)))
      } else if ("1"..."9").contains(letter) {
        var digits = String(letter)
        if let next = scalars.first, ("0"..."9").contains(next) {
          digits.unicodeScalars.append(next)
          scalars.removeFirst()
        }
        parts.append(.group(try group(digits, replacement, at: location)))
      } else if letter.isASCII, letter.properties.isAlphabetic || ("0"..."9").contains(letter) {
        throw invalid("the escape '\\\(letter)'", replacement, location)
      } else {
        parts.append(.text("\\\(letter)"))
      }
    }
    return parts
  }

  private static let escapes: [Unicode.Scalar: String] = [
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
    "v": "\u{B}",
  ]

  private func group(
    _ name: String, _ replacement: String, at location: String
  ) throws(Diagnostic) -> Int {
    if let number = Int(name) ?? groupNumbers[name], (0...groupCount).contains(number) {
      return number
    }
    throw invalid("the group '\(name)'", replacement, location)
  }

  private func invalid(
    _ what: String, _ replacement: String, _ location: String
  ) -> Diagnostic {
    Diagnostic(
      "the replacement '\(replacement)' of '\(source)' has \(what), which is unknown", at: location,
      fix: "name groups that the expression has, as \\1 or \\g<name>")
  }
}

import Patterns
import Templates

/// What makes an answer of a generated text: the steps of one entry of lm-eval's `filter_list`.
struct AnswerFilter: Sendable {
  /// `none` where the task lists no filters.
  let name: String
  let steps: [Step]

  enum Step: Sendable {
    case strip
    case lowercase
    case uppercase
    case regex(RegexExtraction)
    case choices(ChoiceExtraction)
    case map([String: String], standard: String?)
  }

  /// A filter that changes nothing.
  static let none = AnswerFilter(name: "none", steps: [])

  /// An answer, and whether it stands for one that could not be found in the text.
  struct Answer: Sendable, Hashable {
    var text: String
    var isUnparsable = false
  }

  /// What is left of a text after all steps; `choices` are those of the row, where a step looks for them.
  func answer(in text: String, choices: [String]) -> Answer {
    var answer = Answer(text: text)
    for step in steps {
      switch step {
      case .strip: answer.text = PythonText.stripped(answer.text)
      case .lowercase: answer.text = PythonText.lower(answer.text)
      case .uppercase: answer.text = PythonText.upper(answer.text)
      case .regex(let extraction):
        if let found = extraction.text(in: answer.text) {
          answer.text = found
        } else {
          answer = Answer(text: extraction.fallback, isUnparsable: true)
        }
      case .choices(let extraction):
        if let found = extraction.text(in: answer.text, choices: choices) {
          answer.text = found
        } else {
          answer = Answer(text: extraction.regex.fallback, isUnparsable: true)
        }
      case .map(let table, let standard):
        if let value = table[key(answer.text)] {
          answer.text = value
        } else {
          // Python's None, which equals no text.
          answer = Answer(text: standard ?? "None", isUnparsable: true)
        }
      }
    }
    return answer
  }

  /// Whether it only removes white space: then a text proved greedy is scored as the decoded one.
  var onlyStrips: Bool {
    steps.allSatisfy { if case .strip = $0 { true } else { false } }
  }

  var strips: Bool { onlyStrips && !steps.isEmpty }

  var needsChoices: Bool {
    steps.contains { if case .choices = $0 { true } else { false } }
  }
}

/// Texts that are compared by their bytes when they are keys.
func key(_ text: String) -> String {
  // Canonically equivalent texts are one key to a dictionary; spelling out their scalars parts them.
  text.utf8.allSatisfy { $0 < 0x80 }
    ? text : text.unicodeScalars.map { String($0.value) }.joined(separator: " ")
}

/// lm-eval's filter `regex`.
struct RegexExtraction: Sendable {
  let pattern: PythonPattern
  /// Which match counts; from the end if negative.
  let position: Int
  let fallback: String

  /// nil if there is no such match, or if all its groups are empty.
  func text(in text: String) -> String? {
    guard let groups = match(in: pattern.findAll(in: text)) else { return nil }
    if groups.count == 1 { return PythonText.stripped(groups[0]) }
    return groups.first { !$0.isEmpty }.map(PythonText.stripped)
  }

  func match(in matches: [[String]]) -> [String]? {
    let index = position < 0 ? matches.count + position : position
    return matches.indices.contains(index) ? matches[index] : nil
  }
}

/// lm-eval's filter `multi_choice_regex`: a letter in parentheses, by a pattern, a choice's text, or a letter.
struct ChoiceExtraction: Sendable {
  let regex: RegexExtraction
  let ignored: [PythonPattern]
  let ignoresCase: Bool
  /// Of Unicode, not only ASCII.
  let ignoresPunctuation: Bool

  func text(in text: String, choices: [String]) -> String? {
    if let found = regex.text(in: text), !found.isEmpty { return found }
    let normalized = choices.map { normalize(PythonText.stripped($0)) }
    let letters = (0..<choices.count).compactMap { Unicode.Scalar(65 + $0).map(String.init) }
    if let found = choice(in: normalize(text), of: normalized) {
      // A later choice of the same text takes the letter, as in a Python dictionary.
      let index = normalized.lastIndex { $0.utf8.elementsEqual(found.utf8) }
      let letter = index.flatMap { letters.indices.contains($0) ? letters[$0] : nil }
      if !found.isEmpty { return letter.map { "(\($0))" } ?? found }
    }
    return letter(in: text, of: letters).map { "(\($0))" }
  }

  private func normalize(_ text: String) -> String {
    var text = text
    for pattern in ignored { text = pattern.remove(from: text) }
    if ignoresCase { text = PythonText.lower(text) }
    guard ignoresPunctuation else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          switch scalar.properties.generalCategory {
          case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            false
          default: true
          }
        }))
  }

  /// Occurrences of the choices from left to right, the longest first at one place; the one that counts.
  private func choice(in text: String, of choices: [String]) -> String? {
    let bytes = Array(text.utf8)
    let ordered = choices.map { Array($0.utf8) }.enumerated().sorted {
      // As long as Python's, in characters after escaping; equal ones as listed.
      let (left, right) = (escapedLength($0.element), escapedLength($1.element))
      return left != right ? left > right : $0.offset < $1.offset
    }.map(\.element)
    var found: [[String]] = []
    var position = 0
    while position <= bytes.count {
      let hit = ordered.first { bytes[position...].starts(with: $0) }
      if let hit { found.append([String(decoding: hit, as: UTF8.self)]) }
      position += max(1, hit?.count ?? 1)
    }
    return regex.match(in: found)?[0]
  }

  private func escapedLength(_ choice: [UInt8]) -> Int {
    String(decoding: choice, as: UTF8.self).unicodeScalars.reduce(0) { length, scalar in
      length + ("()[]{}?*+-|^$\\.&~# \t\n\r\u{B}\u{C}".unicodeScalars.contains(scalar) ? 2 : 1)
    }
  }

  /// The letters that follow a colon and white space; the one that counts.
  private func letter(in text: String, of letters: [String]) -> String? {
    let scalars = Array(text.unicodeScalars)
    var found: [[String]] = []
    var position = 0
    while position < scalars.count {
      defer { position += 1 }
      guard scalars[position] == ":" else { continue }
      var next = position + 1
      while next < scalars.count, PythonText.isWhitespace(scalars[next]) { next += 1 }
      guard next < scalars.count, letters.contains(String(scalars[next])) else { continue }
      found.append([String(scalars[next])])
      position = next
    }
    return regex.match(in: found)?[0]
  }
}

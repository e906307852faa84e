import Diagnostics

/// Rewrites an expression of Python's `re` in Oniguruma's Ruby syntax.
///
/// Named groups become numbered ones, `^` and `$` anchors of the text unless the flag `m` is set, a bracket
/// within a class a plain character, and escapes what they are called there.
struct PythonPatternTranslation {
  private let source: [Unicode.Scalar]
  private let text: String
  private let location: String
  private var position = 0
  private var result = ""
  private var isMultiline = false
  private let ignoresCase: Bool
  private(set) var groupNumbers: [String: Int] = [:]
  private(set) var groupCount = 0
  /// Flags outside each open group.
  private var outerMultiline: [Bool] = []

  init(_ source: String, ignoresCase: Bool, at location: String) {
    text = source
    self.source = Array(source.unicodeScalars)
    self.location = location
    self.ignoresCase = ignoresCase
  }

  mutating func translate() throws(Diagnostic) -> String {
    var flags = ignoresCase ? "i" : ""
    flags += try globalFlags()
    while let scalar = next() {
      switch scalar {
      case "\\": try escape(inClass: false)
      case "[": try characterClass()
      case "(": try group()
      case ")":
        if let outer = outerMultiline.popLast() { isMultiline = outer }
        result += ")"
      case "^": result += isMultiline ? #"(?:\A|(?<=\n))"# : #"\A"#
      case "$": result += isMultiline ? "$" : #"\Z"#
      case "{": try interval()
      default: result.unicodeScalars.append(scalar)
      }
    }
    return flags.isEmpty ? result : "(?\(flags):\(result))"
  }

  // MARK: Groups and flags

  /// `(?i)` and the like, which stand at the beginning.
  private mutating func globalFlags() throws(Diagnostic) -> String {
    guard peek("(?"), let end = source[position...].firstIndex(of: ")") else { return "" }
    let letters = source[(position + 2)..<end]
    guard !letters.isEmpty, letters.allSatisfy({ "aiLmsux".unicodeScalars.contains($0) }) else {
      return ""
    }
    position = end + 1
    return try flags(letters)
  }

  private mutating func flags(
    _ letters: ArraySlice<Unicode.Scalar>, set: Bool = true
  ) throws(Diagnostic) -> String {
    var translated = ""
    for letter in letters {
      switch letter {
      case "i": translated += "i"
      case "s": translated += "m"
      case "m": isMultiline = set
      case "u": break
      default: throw unsupported("the flag '\(letter)'")
      }
    }
    return translated
  }

  private mutating func group() throws(Diagnostic) {
    outerMultiline.append(isMultiline)
    guard peek("?") else {
      groupCount += 1
      result += "("
      return
    }
    position += 1
    if peek("P<") {
      position += 2
      let name = try takeName(until: ">")
      groupCount += 1
      groupNumbers[name] = groupCount
      result += "("
    } else if peek("P=") {
      position += 2
      let name = try takeName(until: ")")
      outerMultiline.removeLast()
      guard let number = groupNumbers[name] else { throw unsupported("the group '\(name)'") }
      result += "\\k<\(number)>"
    } else if peek("#") {
      outerMultiline.removeLast()
      while let scalar = next(), scalar != ")" {}
    } else if peek("(") || peek("P") || peek("R") || peek("&") {
      throw unsupported("the group '(?\(source[position])'")
    } else if peek(":") || peek("=") || peek("!") || peek(">") {
      result += "(?" + String(source[position])
      position += 1
    } else if peek("<=") || peek("<!") {
      result += "(?<" + String(source[position + 1])
      position += 2
    } else {
      try scopedFlags()
    }
  }

  /// `(?i-s:…)`.
  private mutating func scopedFlags() throws(Diagnostic) {
    guard let end = source[position...].firstIndex(of: ":") else {
      throw unsupported("flags that do not stand at the beginning")
    }
    let parts = source[position..<end].split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ part in part.allSatisfy { "aiLmsux".unicodeScalars.contains($0) } })
    else {
      throw unsupported("the group '(?\(String(String.UnicodeScalarView(source[position..<end])))'")
    }
    let on = try flags(parts[0])
    let off = parts.count > 1 ? try flags(parts[1], set: false) : ""
    result += "(?" + on + (off.isEmpty ? "" : "-" + off) + ":"
    position = end + 1
  }

  private mutating func takeName(until end: Unicode.Scalar) throws(Diagnostic) -> String {
    var name = ""
    while let scalar = next() {
      if scalar == end { return name }
      name.unicodeScalars.append(scalar)
    }
    throw unsupported("a group's name without end")
  }

  // MARK: Repetition

  /// `{n}`, `{n,m}`: a `?` behind the first means nothing in Python, and something else in Ruby.
  private mutating func interval() throws(Diagnostic) {
    var end = position
    while end < source.count, ("0"..."9").contains(source[end]) || source[end] == "," { end += 1 }
    let body = source[position..<end]
    let commas = body.count { $0 == "," }
    guard end < source.count, source[end] == "}", !body.isEmpty, commas <= 1,
      body.count > commas
    else {
      result += #"\{"#
      return
    }
    result += "{" + String(String.UnicodeScalarView(body)) + "}"
    position = end + 1
    if peek("+") { throw unsupported("possessive repetition after braces") }
    if commas == 0, peek("?") { position += 1 }
  }

  // MARK: Classes and escapes

  private mutating func characterClass() throws(Diagnostic) {
    result += "["
    if peek("^") {
      result += "^"
      position += 1
    }
    var isFirst = true
    while let scalar = next() {
      switch scalar {
      case "]" where !isFirst:
        result += "]"
        return
      case "]", "[", "&": result += "\\\(scalar)"
      case "\\": try escape(inClass: true)
      default: result.unicodeScalars.append(scalar)
      }
      isFirst = false
    }
    throw unsupported("a class without ']'")
  }

  private mutating func escape(inClass: Bool) throws(Diagnostic) {
    guard let letter = next() else { throw unsupported("a '\\' at the end") }
    switch letter {
    case "s": result += inClass ? #"\s\x1C-\x1F"# : #"[\s\x1C-\x1F]"#
    case "S":
      if inClass { throw unsupported("'\\S' in a class") }
      result += #"[^\s\x1C-\x1F]"#
    case "d", "D", "w", "W", "n", "t", "r", "f", "v", "a": result += "\\\(letter)"
    case "b": result += inClass ? #"\x08"# : #"\b"#
    case "A" where !inClass, "B" where !inClass: result += "\\\(letter)"
    case "Z" where !inClass: result += #"\z"#
    case "x": try appendScalar(digits: 2)
    case "u": try appendScalar(digits: 4)
    case "U": try appendScalar(digits: 8)
    case "0": try appendOctal(first: letter)
    case "1"..."9":
      if inClass { throw unsupported("the escape '\\\(letter)' in a class") }
      try appendReference(first: letter)
    default:
      if letter.isASCII, letter.properties.isAlphabetic {
        throw unsupported("the escape '\\\(letter)'")
      }
      if letter.isASCII { result += "\\" }
      result.unicodeScalars.append(letter)
    }
  }

  private mutating func appendScalar(digits count: Int) throws(Diagnostic) {
    let digits = source[position..<min(position + count, source.count)]
    let text = String(String.UnicodeScalarView(digits))
    guard digits.count == count, let value = UInt32(text, radix: 16),
      Unicode.Scalar(value) != nil
    else { throw unsupported("the escape of '\(text)'") }
    position += count
    result += "\\x{\(String(value, radix: 16))}"
  }

  private mutating func appendOctal(first: Unicode.Scalar) throws(Diagnostic) {
    var value: UInt32 = 0
    for _ in 0..<2 {
      guard position < source.count, ("0"..."7").contains(source[position]) else { break }
      value = value * 8 + source[position].value - 0x30
      position += 1
    }
    result += "\\x{\(String(value, radix: 16))}"
  }

  private mutating func appendReference(first: Unicode.Scalar) throws(Diagnostic) {
    var digits = String(first)
    if position < source.count, ("0"..."9").contains(source[position]) {
      digits.unicodeScalars.append(source[position])
      position += 1
    }
    guard let number = Int(digits), number <= groupCount else {
      throw unsupported("the group \(digits)")
    }
    result += "\\k<\(number)>"
  }

  // MARK: Reading

  private mutating func next() -> Unicode.Scalar? {
    guard position < source.count else { return nil }
    position += 1
    return source[position - 1]
  }

  private func peek(_ text: String) -> Bool {
    source[position...].starts(with: text.unicodeScalars)
  }

  private func unsupported(_ construct: String) -> Diagnostic {
    Diagnostic(
      "the regular expression '\(text)' has \(construct), which is not supported", at: location,
      fix: "write it otherwise; the syntax is that of Python's 're'")
  }
}

import Diagnostics

/// A word of the template language with the line on which it stands.
struct TemplateToken: Hashable {
  enum Kind: Hashable {
    case data(String)
    case variableBegin
    case variableEnd
    case blockBegin
    case blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case real(Double)
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int
}

/// Cuts a template into words as Jinja 3.1 does.
///
/// Comments disappear, line ends become `\n`, and white space beside a tag goes where a `-` or the dialect
/// says so.
struct TemplateLexer {
  private let source: [Unicode.Scalar]
  private let dialect: TemplateDialect
  private let location: String
  private var position = 0
  private var line = 1
  /// Whether the last match ended in a line end: only then does a text without one start a line.
  private var isLineStart = true
  private var tokens: [TemplateToken] = []

  init(_ source: String, dialect: TemplateDialect, at location: String) {
    var scalars: [Unicode.Scalar] = []
    for scalar in source.unicodeScalars {
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(scalar)
    }
    scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
    if !dialect.keepsTrailingNewline, scalars.last == "\n" { scalars.removeLast() }
    self.source = scalars
    self.dialect = dialect
    self.location = location
  }

  mutating func lex() throws(Diagnostic) -> [TemplateToken] {
    while let start = nextTag() {
      let kind = source[start + 1]
      let rawLength = kind == "%" ? rawTagLength(at: start, word: "raw") : nil
      let sign = scalar(start + 2).flatMap { $0 == "-" || $0 == "+" ? $0 : nil }
      appendText(until: start, sign: sign, isVariable: kind == "{")
      let opening = line
      if let rawLength {
        advance(to: start + rawLength)
        if source[position - 3] == "-" { skipWhitespace() }
        try lexRaw(opening)
        continue
      }
      advance(to: start + 2 + (sign == nil ? 0 : 1))
      switch kind {
      case "#": try skipComment(opening)
      case "{": try lexTag(.variableBegin, .variableEnd, closing: "}", opening)
      default: try lexTag(.blockBegin, .blockEnd, closing: "%", opening)
      }
    }
    appendText(until: source.count, sign: nil, isVariable: true)
    tokens.append(TemplateToken(kind: .end, line: line))
    return tokens
  }

  // MARK: Text

  private func nextTag() -> Int? {
    var index = position
    while index + 1 < source.count {
      if source[index] == "{", ["{", "%", "#"].contains(source[index + 1]) { return index }
      index += 1
    }
    return nil
  }

  private mutating func appendText(until end: Int, sign: Unicode.Scalar?, isVariable: Bool) {
    var text = source[position..<end]
    if sign == "-" {
      while let last = text.last, PythonText.isWhitespace(last) { text.removeLast() }
    } else if sign == nil, dialect.trimsBlocks, !isVariable {
      let lineEnd = text.lastIndex(of: "\n")
      if lineEnd != nil || isLineStart {
        let start = lineEnd.map { $0 + 1 } ?? text.startIndex
        if text[start...].allSatisfy(PythonText.isWhitespace) { text = text[..<start] }
      }
    }
    if !text.isEmpty { tokens.append(TemplateToken(kind: .data(string(text)), line: line)) }
    advance(to: end)
  }

  /// Length of `{% raw %}` or `{% endraw %}` up to its `%}`; nil for another tag.
  private func rawTagLength(at start: Int, word: String) -> Int? {
    var index = start + 2
    if let sign = scalar(index), sign == "-" || sign == "+" { index += 1 }
    while let scalar = scalar(index), PythonText.isWhitespace(scalar) { index += 1 }
    for letter in word.unicodeScalars {
      guard scalar(index) == letter else { return nil }
      index += 1
    }
    while let scalar = scalar(index), PythonText.isWhitespace(scalar) { index += 1 }
    if scalar(index) == "-" || (word == "endraw" && scalar(index) == "+") { index += 1 }
    guard scalar(index) == "%", scalar(index + 1) == "}" else { return nil }
    return index + 2 - start
  }

  private mutating func lexRaw(_ opening: Int) throws(Diagnostic) {
    isLineStart = position > 0 && source[position - 1] == "\n"
    var start = position
    while start + 1 < source.count {
      if source[start] == "{", source[start + 1] == "%",
        let length = rawTagLength(at: start, word: "endraw")
      {
        let sign = scalar(start + 2).flatMap { $0 == "-" || $0 == "+" ? $0 : nil }
        appendText(until: start, sign: sign, isVariable: false)
        position = start + length - 2
        finishTag(sign: source[position - 1])
        return
      }
      start += 1
    }
    throw unclosed("{% raw %}", "{% endraw %}", opening)
  }

  private mutating func skipComment(_ opening: Int) throws(Diagnostic) {
    let start = position
    while position + 1 < source.count {
      if source[position] == "#", source[position + 1] == "}" {
        finishTag(sign: position > start ? source[position - 1] : nil)
        return
      }
      advance(to: position + 1)
    }
    throw unclosed("{#", "#}", opening)
  }

  /// Steps over a two-character delimiter and the white space that goes with it.
  private mutating func finishTag(sign: Unicode.Scalar?) {
    advance(to: position + 2)
    if sign == "-" {
      skipWhitespace()
    } else if sign != "+", dialect.trimsBlocks, scalar(position) == "\n" {
      advance(to: position + 1)
    }
    isLineStart = source[position - 1] == "\n"
  }

  private mutating func skipWhitespace() {
    while let scalar = scalar(position), PythonText.isWhitespace(scalar) {
      advance(to: position + 1)
    }
  }

  // MARK: Tags

  private mutating func lexTag(
    _ begin: TemplateToken.Kind, _ end: TemplateToken.Kind, closing: Unicode.Scalar, _ opening: Int
  ) throws(Diagnostic) {
    tokens.append(TemplateToken(kind: begin, line: opening))
    var brackets: [Unicode.Scalar] = []
    while let scalar = scalar(position) {
      if PythonText.isWhitespace(scalar) {
        advance(to: position + 1)
      } else if brackets.isEmpty, finishesTag(closing) {
        tokens.append(TemplateToken(kind: end, line: line))
        return
      } else if let number = try number() {
        tokens.append(TemplateToken(kind: number, line: line))
      } else if scalar == "_" || scalar.properties.isXIDContinue {
        guard scalar == "_" || scalar.properties.isXIDStart else {
          throw problem("'\(scalar)' begins no name", fix: "begin names with a letter")
        }
        tokens.append(TemplateToken(kind: .name(name()), line: line))
      } else if scalar == "\"" || scalar == "'" {
        let line = line
        tokens.append(TemplateToken(kind: .string(try quotedString()), line: line))
      } else {
        tokens.append(TemplateToken(kind: .symbol(try symbol(&brackets)), line: line))
      }
    }
    throw unclosed("{\(closing == "}" ? "{" : "%")", "\(closing)}", opening)
  }

  /// Steps over the closing delimiter if it stands here.
  private mutating func finishesTag(_ closing: Unicode.Scalar) -> Bool {
    var start = position
    var sign: Unicode.Scalar?
    if let first = scalar(start), first == "-" || (first == "+" && closing == "%") {
      sign = first
      start += 1
    }
    guard scalar(start) == closing, scalar(start + 1) == "}" else { return false }
    position = start
    // Only statements take the line end with them.
    finishTag(sign: closing == "}" && sign == nil ? "+" : sign)
    return true
  }

  private mutating func symbol(_ brackets: inout [Unicode.Scalar]) throws(Diagnostic) -> String {
    let pair = string(source[position..<min(position + 2, source.count)])
    if ["==", "!=", "<=", ">=", "//", "**"].contains(pair) {
      advance(to: position + 2)
      return pair
    }
    let scalar = source[position]
    guard "+-/*%~[](){}<>=.:|,;".unicodeScalars.contains(scalar) else {
      throw problem("'\(scalar)' is unexpected", fix: "remove it, or quote it if it is text")
    }
    if let closing = Self.closings[scalar] {
      brackets.append(closing)
    } else if "}])".unicodeScalars.contains(scalar) {
      guard brackets.popLast() == scalar else {
        throw problem("'\(scalar)' closes nothing", fix: "balance the brackets")
      }
    }
    advance(to: position + 1)
    return String(scalar)
  }

  private static let closings: [Unicode.Scalar: Unicode.Scalar] = ["{": "}", "[": "]", "(": ")"]

  private mutating func name() -> String {
    let start = position
    while let scalar = scalar(position), scalar.properties.isXIDContinue { position += 1 }
    return string(source[start..<position])
  }

  private mutating func number() throws(Diagnostic) -> TemplateToken.Kind? {
    guard let first = scalar(position), Self.isDigit(first) else { return nil }
    let start = position
    let follows = start > 0 && source[start - 1] == "."
    if !follows, let real = realLiteral() { return .real(real) }
    position = start
    if first == "0", let letter = scalar(start + 1), "xobXOB".unicodeScalars.contains(letter) {
      throw problem("numbers with the base '0\(letter)' are not supported", fix: "write it decimal")
    }
    let text = digits()
    if first == "0", text.contains(where: { $0 != "0" }) {
      throw problem("the number \(text) begins with 0", fix: "remove the zero")
    }
    guard let value = Int(text) else {
      throw problem("the number \(text) is too large", fix: "write a smaller one")
    }
    return .integer(value)
  }

  /// Digits with a fraction, an exponent or both; leaves the position anywhere if there is none.
  private mutating func realLiteral() -> Double? {
    var text = digits()
    var isReal = false
    if scalar(position) == ".", let next = scalar(position + 1), Self.isDigit(next) {
      position += 1
      text += "." + digits()
      isReal = true
    }
    if let letter = scalar(position), letter == "e" || letter == "E" {
      let sign = scalar(position + 1).flatMap { $0 == "-" || $0 == "+" ? $0 : nil }
      let start = position + (sign == nil ? 1 : 2)
      if let next = scalar(start), Self.isDigit(next) {
        position = start
        text += "e" + (sign == "-" ? "-" : "") + digits()
        isReal = true
      }
    }
    return isReal ? Double(text) : nil
  }

  private mutating func digits() -> String {
    var text = ""
    while let next = scalar(position) {
      if Self.isDigit(next) {
        text.unicodeScalars.append(next)
      } else if next != "_" || scalar(position + 1).map(Self.isDigit) != true || text.isEmpty {
        break
      }
      position += 1
    }
    return text
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  // MARK: Strings

  private mutating func quotedString() throws(Diagnostic) -> String {
    let opening = line
    let quote = source[position]
    var text = String.UnicodeScalarView()
    advance(to: position + 1)
    while let next = scalar(position) {
      advance(to: position + 1)
      if next == quote { return String(text) }
      if next == "\\" {
        try appendEscape(to: &text)
      } else {
        text.append(next)
      }
    }
    throw unclosed(String(quote), String(quote), opening)
  }

  /// Python's escapes; an unknown one stays as it is.
  private mutating func appendEscape(to text: inout String.UnicodeScalarView) throws(Diagnostic) {
    guard let letter = scalar(position) else { return }
    advance(to: position + 1)
    if let simple = Self.escapes[letter] {
      if let simple { text.append(simple) }
      return
    }
    if ("0"..."7").contains(letter) {
      var value = letter.value - 0x30
      for _ in 0..<2 {
        guard let next = scalar(position), ("0"..."7").contains(next) else { break }
        value = value * 8 + next.value - 0x30
        position += 1
      }
      if let scalar = Unicode.Scalar(value) { text.append(scalar) }
      return
    }
    guard let width = ["x": 2, "u": 4, "U": 8][letter] else {
      if letter == "N" {
        throw problem("the escape '\\N' is not supported", fix: "write the character itself")
      }
      text.append(contentsOf: ["\\", letter])
      return
    }
    let digits = string(source[position..<min(position + width, source.count)])
    guard digits.unicodeScalars.count == width, let value = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(value)
    else {
      throw problem(
        "the escape '\\\(letter)\(digits)' is not a character", fix: "write the character itself")
    }
    text.append(scalar)
    position += width
  }

  /// What a letter after a backslash stands for; nothing for a line end.
  private static let escapes: [Unicode.Scalar: Unicode.Scalar?] = [
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}",
    "b": "\u{8}", "f": "\u{C}", "v": "\u{B}", "\n": nil,
  ]

  // MARK: Positions

  private func scalar(_ index: Int) -> Unicode.Scalar? {
    index < source.count ? source[index] : nil
  }

  private mutating func advance(to end: Int) {
    for index in position..<max(position, end) where source[index] == "\n" { line += 1 }
    position = end
  }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private func problem(_ problem: String, fix: String) -> Diagnostic {
    Diagnostic(problem, at: "\(location): line \(line) of the template", fix: fix)
  }

  private func unclosed(_ opening: String, _ closing: String, _ line: Int) -> Diagnostic {
    Diagnostic(
      "'\(opening)' is not closed", at: "\(location): line \(line) of the template",
      fix: "close it with '\(closing)'")
  }
}

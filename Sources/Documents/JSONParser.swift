public import Diagnostics

extension JSONValue {
  /// Parses one strict JSON text (RFC 8259).
  ///
  /// Refuses what JSON does not have: NaN, comments, trailing commas, byte order marks, invalid UTF-8,
  /// lone surrogates, text after the value. Duplicate keys are kept, in order.
  /// - Parameters:
  ///   - bytes: The text in UTF-8.
  ///   - location: What messages put before line and column, such as the path of the file.
  ///   - maximumDepth: Largest nesting of arrays and objects.
  /// - Returns: The value.
  /// - Throws: ``Diagnostic`` that names line and column.
  /// - Complexity: Linear in the number of bytes.
  public static func parse(
    _ bytes: [UInt8], location: String, maximumDepth: Int = 256
  ) throws(Diagnostic) -> JSONValue {
    try parse(
      bytes, in: 0..<bytes.count, location: location, firstLine: 1, maximumDepth: maximumDepth)
  }

  /// Reads a JSON file.
  ///
  /// - Throws: ``Diagnostic`` if the file cannot be read or is not JSON.
  public static func read(
    path: String, maximumDepth: Int = 256
  ) throws(Diagnostic) -> JSONValue {
    try parse(FileContents.bytes(of: path), location: path, maximumDepth: maximumDepth)
  }

  static func parse(
    _ bytes: [UInt8], in range: Range<Int>, location: String, firstLine: Int, maximumDepth: Int
  ) throws(Diagnostic) -> JSONValue {
    var parser = JSONParser(
      bytes: bytes, range: range, location: location, firstLine: firstLine,
      maximumDepth: maximumDepth)
    return try parser.document()
  }
}

/// A recursive-descent parser over bytes; nesting is bounded, so is the stack.
private struct JSONParser {
  let bytes: [UInt8]
  let start: Int
  let end: Int
  var position: Int
  let location: String
  let firstLine: Int
  let maximumDepth: Int

  init(
    bytes: [UInt8], range: Range<Int>, location: String, firstLine: Int, maximumDepth: Int
  ) {
    self.bytes = bytes
    start = range.lowerBound
    end = range.upperBound
    position = range.lowerBound
    self.location = location
    self.firstLine = firstLine
    self.maximumDepth = maximumDepth
  }

  mutating func document() throws(Diagnostic) -> JSONValue {
    if bytes[start..<end].starts(with: [0xEF, 0xBB, 0xBF]) {
      throw failure("starts with a byte order mark", fix: "save the file as UTF-8 without BOM")
    }
    skipWhitespace()
    if position == end {
      throw failure(
        start == end ? "is empty, not JSON" : "holds no JSON value",
        fix: "write a JSON value, or fetch the file again if it was cut off")
    }
    let value = try value(depth: 0)
    skipWhitespace()
    if position < end {
      throw failure(
        "unexpected \(described(position)) after the end of the JSON value",
        fix: "remove what follows the value")
    }
    return value
  }

  private mutating func value(depth: Int) throws(Diagnostic) -> JSONValue {
    guard position < end else { throw cutOff("a value") }
    switch bytes[position] {
    case UInt8(ascii: "\""):
      return .string(try string())
    case UInt8(ascii: "{"):
      return .object(try members(depth: try deeper(depth)))
    case UInt8(ascii: "["):
      return .array(try elements(depth: try deeper(depth)))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return .number(try number())
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default:
      throw failure("expected a value, found \(described(position))", fix: fixSyntax)
    }
  }

  private func deeper(_ depth: Int) throws(Diagnostic) -> Int {
    guard depth < maximumDepth else {
      throw failure(
        "nested deeper than \(maximumDepth) levels",
        fix: "the file is not what it should be: write or fetch it again")
    }
    return depth + 1
  }

  private mutating func members(depth: Int) throws(Diagnostic) -> [JSONValue.Member] {
    position += 1
    var members: [JSONValue.Member] = []
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return members }
    while true {
      skipWhitespace()
      guard position < end else { throw cutOff("a key") }
      guard bytes[position] == UInt8(ascii: "\"") else {
        throw failure("expected a key in quotes, found \(described(position))", fix: fixSyntax)
      }
      let key = try string()
      skipWhitespace()
      try expect(UInt8(ascii: ":"), "':' after the key")
      skipWhitespace()
      members.append(JSONValue.Member(key, try value(depth: depth)))
      skipWhitespace()
      if take(UInt8(ascii: ",")) { continue }
      try expect(UInt8(ascii: "}"), "',' or '}'")
      return members
    }
  }

  private mutating func elements(depth: Int) throws(Diagnostic) -> [JSONValue] {
    position += 1
    var elements: [JSONValue] = []
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return elements }
    while true {
      skipWhitespace()
      elements.append(try value(depth: depth))
      skipWhitespace()
      if take(UInt8(ascii: ",")) { continue }
      try expect(UInt8(ascii: "]"), "',' or ']'")
      return elements
    }
  }

  // MARK: Scalars

  private mutating func literal(_ name: StaticString) throws(Diagnostic) {
    let text = Array(name.description.utf8)
    let found = bytes[position..<min(end, position + text.count)]
    guard found.elementsEqual(text) else {
      throw failure("expected \(name), found \(described(position))", fix: fixSyntax)
    }
    position += text.count
  }

  private mutating func number() throws(Diagnostic) -> String {
    let first = position
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if position < end, isDigit(bytes[position]) {
        throw failure("a number starts with a superfluous 0", fix: "remove the leading 0")
      }
    } else {
      try digits()
    }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[first..<position], as: UTF8.self)
  }

  private mutating func digits() throws(Diagnostic) {
    let first = position
    while position < end, isDigit(bytes[position]) { position += 1 }
    if position == first {
      if position == end { throw cutOff("a digit") }
      throw failure("expected a digit, found \(described(position))", fix: fixSyntax)
    }
  }

  private mutating func string() throws(Diagnostic) -> String {
    let opening = position
    position += 1
    let first = position
    var isASCII: UInt8 = 0
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = try text(first..<position, isASCII: isASCII < 0x80)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: first, opening: opening) }
      if byte < 0x20 { throw controlCharacter() }
      isASCII |= byte
      position += 1
    }
    position = opening
    throw failure("a string is not closed", fix: fixCutOff)
  }

  /// Continues a string at its first escape.
  private mutating func escapedString(
    from first: Int, opening: Int
  ) throws(Diagnostic) -> String {
    var text = Array(bytes[first..<position])
    while position < end {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          position = firstInvalid(in: first..<position)
          throw invalidUTF8()
        }
        position += 1
        return string
      case UInt8(ascii: "\\"):
        try appendEscape(to: &text)
      case ..<0x20:
        throw controlCharacter()
      default:
        text.append(byte)
        position += 1
      }
    }
    position = opening
    throw failure("a string is not closed", fix: fixCutOff)
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(Diagnostic) {
    let backslash = position
    guard position + 1 < end else { throw cutOff("the rest of an escape") }
    position += 2
    switch bytes[backslash + 1] {
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      text.append(contentsOf: Array(String(try unicodeEscape(at: backslash)).utf8))
    default:
      position = backslash
      throw failure("unknown escape in a string", fix: "write \\\\ for a backslash")
    }
  }

  /// Reads the digits of one `\u` escape, or of the two that make a surrogate pair.
  private mutating func unicodeEscape(at backslash: Int) throws(Diagnostic) -> Unicode.Scalar {
    let unit = try hexadecimal(at: backslash)
    if let scalar = Unicode.Scalar(unit) { return scalar }
    if unit < 0xDC00, position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    {
      let second = position
      position += 2
      let low = try hexadecimal(at: second)
      if 0xDC00..<0xE000 ~= low,
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      {
        return scalar
      }
    }
    position = backslash
    throw failure(
      "a lone surrogate in a string", fix: "write the character itself, or both halves of its pair")
  }

  private mutating func hexadecimal(at backslash: Int) throws(Diagnostic) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard position < end else { throw cutOff("four hexadecimal digits") }
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue,
        bytes[position] < 0x80
      else {
        position = backslash
        throw failure(
          "\\u must be followed by four hexadecimal digits", fix: "write \\\\ for a backslash")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  private mutating func text(_ range: Range<Int>, isASCII: Bool) throws(Diagnostic) -> String {
    if isASCII { return String(decoding: bytes[range], as: UTF8.self) }
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      position = firstInvalid(in: range)
      throw invalidUTF8()
    }
    return text
  }

  /// Where the first byte stands that does not belong to a valid UTF-8 sequence.
  private func firstInvalid(in range: Range<Int>) -> Int {
    var valid = range.lowerBound
    var decoder = UTF8()
    var iterator = bytes[range].makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      valid += UTF8.width(scalar)
    }
    return valid
  }

  // MARK: Bytes

  private mutating func skipWhitespace() {
    while position < end {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < end, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8, _ expected: String) throws(Diagnostic) {
    if take(byte) { return }
    if position == end { throw cutOff(expected) }
    throw failure("expected \(expected), found \(described(position))", fix: fixSyntax)
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  // MARK: Messages

  private var fixSyntax: String { "correct the JSON there" }
  private var fixCutOff: String { "close it, or fetch the file again if it was cut off" }

  private func cutOff(_ expected: String) -> Diagnostic {
    failure("ends where \(expected) is expected", fix: fixCutOff)
  }

  private func controlCharacter() -> Diagnostic {
    failure(
      "a string holds the control character \(described(position))",
      fix: "escape it, such as \\n for a line break")
  }

  private func invalidUTF8() -> Diagnostic {
    failure("a string is not valid UTF-8", fix: "save the file in the encoding UTF-8")
  }

  private func described(_ offset: Int) -> String {
    let byte = bytes[offset]
    if 0x21..<0x7F ~= byte { return "'\(Character(Unicode.Scalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x" + (byte < 0x10 ? "0" : "") + digits
  }

  /// At the current position; the column counts characters (Unicode scalars) from 1.
  private func failure(_ problem: String, fix: String) -> Diagnostic {
    var line = firstLine
    var column = 1
    for byte in bytes[start..<position] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return Diagnostic(problem, at: "\(location): line \(line), column \(column)", fix: fix)
  }
}

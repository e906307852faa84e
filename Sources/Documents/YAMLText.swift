import Diagnostics

/// What can be said about a YAML text before it is parsed.
enum YAMLText {
  /// More bytes are no document that a person wrote.
  static let maximumBytes = 16 << 20

  /// The text without its byte order mark, safe to hand to the composer.
  ///
  /// - Throws: ``Diagnostic`` for bytes or aliases that the composer must not see.
  static func validated(_ bytes: [UInt8], location: String) throws(Diagnostic) -> String {
    guard bytes.count <= maximumBytes else {
      throw Diagnostic(
        "has \(bytes.count) bytes, too many for a YAML file", at: location,
        fix: "check that the path names a YAML file, not data")
    }
    var content = bytes[...]
    if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
    if let position = content.firstIndex(of: 0) {
      throw Diagnostic(
        "holds a NUL byte; this is not a text file in UTF-8",
        at: "\(location): line \(line(of: position, in: bytes))",
        fix: "save the file as text in the encoding UTF-8")
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw Diagnostic(
        "is not UTF-8 text", at: "\(location): line \(lineOfInvalidUTF8(bytes))",
        fix: "save the file in the encoding UTF-8")
    }
    try AliasBound(of: content).check(location: location)
    return text
  }

  /// Comment lines at the left margin, divided among the documents whose values start at `rootLines`.
  ///
  /// Lines that start with `---` or follow `...` begin a new part; comments of a part without a value
  /// belong to the next document.
  static func comments(of text: String, rootLines: [Int]) -> [[String]] {
    var comments = Array(repeating: [String](), count: rootLines.count)
    var pending: [String] = []
    var document = 0
    var hasValue = false
    var startsPart = false
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      if startsPart || isMarker(line, "---") {
        if hasValue { document += 1 }
        hasValue = false
        startsPart = false
      }
      guard document < rootLines.count else { break }
      if line.hasPrefix("#") {
        pending.append(String(line.dropFirst()))
      }
      if isMarker(line, "...") { startsPart = true }
      if rootLines[document] == index + 1 { hasValue = true }
      if hasValue {
        comments[document] += pending
        pending = []
      }
    }
    return comments
  }

  private static func isMarker(_ line: Substring, _ marker: String) -> Bool {
    line.hasPrefix(marker) && (line.dropFirst(3).first?.isWhitespace ?? true)
  }

  private static func line(of position: Int, in bytes: [UInt8]) -> Int {
    bytes[..<position].count { $0 == UInt8(ascii: "\n") } + 1
  }

  private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil { break }
      line += 1
    }
    return line
  }
}

public import Diagnostics

/// JSON Lines: one JSON value per line of a UTF-8 text.
public struct JSONLines: Sendable {
  /// A value with the number of its line, counted from 1.
  public struct Row: Sendable, Hashable {
    public let line: Int
    public let value: JSONValue
  }

  public let rows: [Row]

  /// Blank lines are skipped.
  ///
  /// - Parameters:
  ///   - bytes: The text in UTF-8.
  ///   - location: What messages put before line and column.
  ///   - firstLine: The number of the first line, if the text is part of a longer one.
  ///   - maximumDepth: Largest nesting of arrays and objects.
  /// - Returns: The rows.
  /// - Throws: ``Diagnostic`` that names line and column of the first value that is not JSON.
  public static func parse(
    _ bytes: [UInt8], location: String, firstLine: Int = 1, maximumDepth: Int = 256
  ) throws(Diagnostic) -> JSONLines {
    var rows: [Row] = []
    var start = 0
    var line = firstLine
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      if !isBlank {
        let value = try JSONValue.parse(
          bytes, in: start..<end, location: location, firstLine: line, maximumDepth: maximumDepth)
        rows.append(Row(line: line, value: value))
      }
      start = end + 1
      line += 1
    }
    return JSONLines(rows: rows)
  }

  /// - Throws: ``Diagnostic`` if the file cannot be read or a line is not JSON.
  public static func read(path: String) throws(Diagnostic) -> JSONLines {
    try parse(FileContents.bytes(of: path), location: path)
  }
}

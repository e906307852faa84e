import Diagnostics
import Documents

/// One row of a task's data: a JSON object and where it stands.
struct TaskRow: Sendable {
  let columns: JSONValue
  let path: String
  let line: Int
  /// File and line, such as `arith.jsonl: line 12`.
  let location: String

  /// Tells the row from every other one.
  struct Place: Hashable, Sendable {
    let path: String
    let line: Int
  }

  var place: Place { Place(path: path, line: line) }

  init(columns: JSONValue, path: String, line: Int) {
    self.columns = columns
    self.path = path
    self.line = line
    location = "\(path): line \(line)"
  }

  /// Reads JSON Lines, or a file `.json` that holds one list of rows.
  ///
  /// - Throws: ``Diagnostic`` if the file cannot be read, has no rows, or a row is not a JSON object.
  static func read(path: String) throws(Diagnostic) -> [TaskRow] {
    var rows: [TaskRow] = []
    for (line, value) in try values(path: path) {
      guard case .object = value else {
        throw Diagnostic(
          "the row is no JSON object", at: "\(path): line \(line)",
          fix: "write each item as {\"column\": value, …} on a line of its own")
      }
      rows.append(TaskRow(columns: value, path: path, line: line))
    }
    guard !rows.isEmpty else {
      throw Diagnostic(
        "the file has no rows", at: path,
        fix: "write one JSON object per line, one line per item")
    }
    return rows
  }

  /// The rows with their lines; those of a list are counted instead.
  private static func values(path: String) throws(Diagnostic) -> [(line: Int, value: JSONValue)] {
    if path.hasSuffix(".json") {
      let bytes = try FileContents.bytes(of: path)
      let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      if first == UInt8(ascii: "["), let list = try JSONValue.parse(bytes, location: path).array {
        return list.enumerated().map { ($0.offset + 1, $0.element) }
      }
    }
    return try JSONLines.read(path: path).rows.map { ($0.line, $0.value) }
  }

  /// A number or text that names something, such as the item's id.
  ///
  /// - Throws: ``Diagnostic`` if the column is missing or holds neither.
  func label(_ column: String) throws(Diagnostic) -> String {
    guard let value = columns.member(column) else {
      throw missingColumn(column)
    }
    guard let label = Self.label(value) else {
      throw Diagnostic(
        "column '\(column)' is neither text nor number", at: location,
        fix: "write a text or a number")
    }
    return label
  }

  static func label(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .number(let literal): literal
    default: nil
    }
  }
}

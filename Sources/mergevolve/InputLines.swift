import Diagnostics
import Documents
import Foundation

/// JSON lines that are answered while the writer at the other end still writes.
struct InputLines {
  struct Row {
    let value: JSONValue
    /// Names stream and line.
    let location: String
  }

  private let handle: FileHandle
  private let name: String
  private var rest: [UInt8] = []
  private var line = 1
  private var isAtEnd = false

  init(_ handle: FileHandle, name: String) {
    self.handle = handle
    self.name = name
  }

  /// The rows of all lines that have arrived meanwhile; waits for the first one.
  ///
  /// - Returns: nil at the end.
  /// - Throws: ``Diagnostic`` that names the line which is not JSON.
  mutating func next() throws(Diagnostic) -> [Row]? {
    while !isAtEnd {
      let data = handle.availableData
      isAtEnd = data.isEmpty
      rest += data
      let end = isAtEnd ? rest.count : (rest.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
      guard end > 0 else { continue }
      let lines = Array(rest[..<end])
      rest.removeFirst(end)
      let first = line
      line += lines.count { $0 == UInt8(ascii: "\n") }
      let rows = try JSONLines.parse(lines, location: name, firstLine: first).rows
      if !rows.isEmpty {
        return rows.map { Row(value: $0.value, location: "\(name): line \($0.line)") }
      }
    }
    return nil
  }
}

import Diagnostics
import Documents

/// The rows of all splits and how their items are called.
struct TaskRows {
  let rows: [Split: [TaskRow]]
  /// The rows in the order in which lm-eval would go through them: of separate files each for itself.
  let sequences: [[TaskRow]]
  /// In the order in which they were read.
  let paths: [String]
  private let naming: Naming

  /// Where ids come from.
  private enum Naming {
    case column(String)
    /// The line's number; several files are told apart by a prefix.
    case line(prefixes: [String: String])
  }

  /// - Throws: ``Diagnostic`` if a file cannot be read or a row lacks the column that decides its split.
  static func read(_ file: TaskFile) throws(Diagnostic) -> TaskRows {
    switch file.data {
    case .separate(let paths):
      var rows: [Split: [TaskRow]] = [:]
      var prefixes: [String: String] = [:]
      for split in Split.allCases {
        for (index, path) in (paths[split] ?? []).enumerated() {
          rows[split, default: []] += try TaskRow.read(path: path)
          prefixes[path] = split.rawValue + (index > 0 ? "\(index + 1):" : ":")
        }
      }
      let naming = naming(file, sets: Array(rows.values), prefixes: prefixes)
      let order = Split.allCases.flatMap { paths[$0] ?? [] }
      let sequences = Split.allCases.compactMap { rows[$0] }
      return TaskRows(rows: rows, sequences: sequences, paths: order, naming: naming)
    case .pooled(let paths, let fractions):
      var all: [TaskRow] = []
      var prefixes: [String: String] = [:]
      for (index, path) in paths.enumerated() {
        all += try TaskRow.read(path: path)
        if index > 0 { prefixes[path] = "\(index + 1):" }
      }
      let naming = naming(file, sets: [all], prefixes: prefixes)
      var rows: [Split: [TaskRow]] = [:]
      for row in all {
        let key: String
        if let column = file.clusterColumn {
          key = try row.label(column)
        } else {
          key = try id(of: row, naming)
        }
        rows[fractions.split(of: key), default: []].append(row)
      }
      return TaskRows(rows: rows, sequences: [all], paths: paths, naming: naming)
    }
  }

  func id(of row: TaskRow) throws(Diagnostic) -> String { try Self.id(of: row, naming) }

  private static func id(of row: TaskRow, _ naming: Naming) throws(Diagnostic) -> String {
    switch naming {
    case .column(let column): try row.label(column)
    case .line(let prefixes): (prefixes[row.path] ?? "") + String(row.line)
    }
  }

  /// The column that the task file names, else a column `id` that names every row of a set differently.
  private static func naming(
    _ file: TaskFile, sets: [[TaskRow]], prefixes: [String: String]
  ) -> Naming {
    if let column = file.idColumn { return .column(column) }
    return sets.allSatisfy(haveIDs) ? .column("id") : .line(prefixes: prefixes)
  }

  private static func haveIDs(_ rows: [TaskRow]) -> Bool {
    var seen: Set<[UInt8]> = []
    return rows.allSatisfy { row in
      guard let id = row.columns.member("id").flatMap(TaskRow.label) else { return false }
      return seen.insert(Array(id.utf8)).inserted
    }
  }
}

import GRDB

extension PopulationStore {
  /// Every table as text, rows in primary-key order, for comparing stores and for debugging.
  ///
  /// Doubles are written with all digits that tell them apart, blobs in hexadecimal.
  public func dump(excluding excluded: Set<String> = ["event"]) throws -> String {
    try read { db in
      let tables = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_schema
          WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name
          """)
      return try tables.filter { !excluded.contains($0) }
        .map { try Self.dump(table: $0, in: db) }.joined()
    }
  }

  /// The answer to any query, one line per row, columns separated by `|`.
  func rows(_ sql: String) throws -> [String] {
    try read { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0.storage.value ?? "")" }
          .joined(separator: "|")
      }
    }
  }

  private static func dump(table: String, in db: Database) throws -> String {
    let columns = try Row.fetchAll(
      db, sql: "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", arguments: [table])
    let names = try columns.map { try $0.decode(String.self, forColumn: "name") }
    let keys = try columns.filter { try $0.decode(Int.self, forColumn: "pk") > 0 }
      .sorted { try $0.decode(Int.self, forColumn: "pk") < $1.decode(Int.self, forColumn: "pk") }
      .map { try $0.decode(String.self, forColumn: "name") }
    let quoted = { (name: String) in "\"" + name.replacing("\"", with: "\"\"") + "\"" }
    var text = "\(table)(\(names.joined(separator: ", ")))\n"
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT \(names.map(quoted).joined(separator: ", ")) FROM \(quoted(table))
        ORDER BY \((keys.isEmpty ? ["rowid"] : keys.map(quoted)).joined(separator: ", "))
        """)
    while let row = try rows.next() {
      text += "  " + row.databaseValues.map(literal).joined(separator: ", ") + "\n"
    }
    return text
  }

  private static func literal(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: "NULL"
    case .int64(let integer): "\(integer)"
    case .double(let real): "\(real)"
    case .string(let string): "'" + string.replacing("'", with: "''") + "'"
    case .blob(let data): "x'" + data.map { hexadecimal($0) }.joined() + "'"
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }
}

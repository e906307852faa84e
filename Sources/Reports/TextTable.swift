/// Columns of text, the first ones flush left and the others flush right.
struct TextTable {
  var header: [String]
  /// How many columns hold words instead of numbers.
  var wordColumns: Int
  var rows: [[String]] = []

  /// Lines without trailing spaces, two spaces between columns.
  var lines: [String] {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([header] + rows).map { row in
      let cells = row.indices.map { column in
        column < wordColumns
          ? row[column].padded(to: widths[column]) : row[column].paddedLeft(to: widths[column])
      }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  var width: Int { lines.map(\.count).max() ?? 0 }
}

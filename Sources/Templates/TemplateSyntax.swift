public import Diagnostics
public import Documents

/// A node of a parsed template.
enum TemplateNode: Sendable, Hashable {
  case text(String)
  case output(TemplateExpression)
}

/// An expression of the template language; every kind of node knows how to evaluate itself.
enum TemplateExpression: Sendable, Hashable {
  /// The value of a column of the row.
  case column(String)

  /// - Throws: ``Diagnostic`` at `location` (that of the row) for a column that the row lacks.
  func value(in row: JSONValue, at location: String) throws(Diagnostic) -> JSONValue {
    switch self {
    case .column(let name):
      if let value = row.member(name) { return value }
      throw missingColumn(name, of: row, at: location)
    }
  }

  /// Names of the columns that the expression reads.
  var columns: [String] {
    switch self {
    case .column(let name): [name]
    }
  }
}

/// The error for a row without a column that something asks for.
public func missingColumn(_ name: String, of row: JSONValue, at location: String) -> Diagnostic {
  let known = (row.members ?? []).map(\.key)
  let fix =
    nearest(to: name, among: known).map { "did you mean '\($0)'?" }
    ?? (known.isEmpty
      ? "add the column to the row" : "its columns are: " + known.joined(separator: ", "))
  return Diagnostic("column '\(name)' is missing", at: location, fix: fix)
}

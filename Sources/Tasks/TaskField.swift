import Diagnostics
import Documents
import Templates

/// What a task file says about one part of an item: a column's name, a template, or a literal.
struct TaskField: Sendable, Hashable {
  enum Content: Sendable, Hashable {
    /// A column's name or a template, whichever it turns out to be.
    case text(String)
    case integer(Int)
    case list([JSONValue])
  }

  let content: Content
  /// File and key for messages, such as `arith.yaml: prompt`.
  let location: String

  /// Decides, from the columns of the data, between a column and a template.
  ///
  /// A text that equals a column's name is that column, as in lm-eval. A single word that is no column is
  /// taken for a misspelt one: a constant of one word as prompt or answer makes no task.
  func source(columns: [String]) throws(Diagnostic) -> FieldSource {
    switch content {
    case .integer(let value): return .literal(.number(String(value)))
    case .list(let values): return .literal(.array(values))
    case .text(let text):
      if columns.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return .column(text) }
      if isWord(text) {
        throw unknownName(text, noun: "column", known: columns, at: location)
      }
      return .template(try Template(text, at: location))
    }
  }

  /// As ``source(columns:)``, but a single word is a text: descriptions and the like need no columns.
  func constantSource(columns: [String]) throws(Diagnostic) -> FieldSource {
    guard case .text(let text) = content,
      !columns.contains(where: { $0.utf8.elementsEqual(text.utf8) })
    else { return try source(columns: columns) }
    return .template(try Template(text, at: location))
  }

  private func isWord(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard let first = scalars.first, first == "_" || first.properties.isXIDStart else {
      return false
    }
    return scalars.allSatisfy { $0.properties.isXIDContinue || $0 == "-" || $0 == "." }
  }
}

/// A task's field bound to the columns of its data.
enum FieldSource: Sendable, Hashable {
  case column(String)
  case template(Template)
  case literal(JSONValue)

  /// The column's value with its type, the template's rendered text, or the literal.
  func value(in row: TaskRow) throws(Diagnostic) -> JSONValue {
    switch self {
    case .column(let name):
      guard let value = row.columns.member(name) else { throw row.missingColumn(name) }
      return value
    case .template(let template):
      return .string(try template.render(row.columns, at: row.location))
    case .literal(let value):
      return value
    }
  }

  /// As ``value(in:)``, but a template that is one expression keeps its value's type, and a text that looks like a
  /// Python list is that list.
  func typedValue(in row: TaskRow) throws(Diagnostic) -> JSONValue {
    guard case .template(let template) = self else { return try value(in: row) }
    let value = try template.value(in: row.columns, at: row.location)
    guard case .string(let text) = value, text.utf8.first == UInt8(ascii: "["),
      text.utf8.last == UInt8(ascii: "]")
    else { return value }
    return Template.literal(text) ?? value
  }

  func text(in row: TaskRow) throws(Diagnostic) -> String {
    PythonText.string(try value(in: row))
  }

  /// The elements of a list as texts; `noun` names them in messages.
  func texts(in row: TaskRow, noun: String) throws(Diagnostic) -> [String] {
    let value = try typedValue(in: row)
    let elements: [JSONValue]
    switch value {
    case .array(let values): elements = values
    case .object(let members): elements = members.map(\.value)
    default:
      throw Diagnostic(
        "the \(noun) are \(Self.kind(of: value)), not a list", at: row.location,
        fix: "write a list such as [\"yes\", \"no\"]")
    }
    guard !elements.isEmpty else {
      throw Diagnostic(
        "the list of \(noun) is empty", at: row.location, fix: "write at least two \(noun)")
    }
    return elements.map(PythonText.string)
  }

  static func kind(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "a truth value"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension TaskRow {
  func missingColumn(_ name: String) -> Diagnostic {
    Templates.missingColumn(name, of: columns, at: location)
  }
}

extension FieldSource {
  var isTemplate: Bool {
    if case .template = self { true } else { false }
  }
}

public import Diagnostics
public import Documents

/// A text with `{{column}}` in it, filled from the columns of a row.
///
/// The language is Jinja's, as far as it is supported: an undefined name is an error, a trailing newline
/// stays, nothing is escaped, and values print as in Python.
public struct Template: Sendable, Hashable {
  public let source: String
  private let nodes: [TemplateNode]

  /// - Parameters:
  ///   - source: The template's text.
  ///   - location: File and key for messages, such as `arith.yaml: prompt`.
  /// - Throws: ``Diagnostic`` that names the first construct that is not supported.
  public init(_ source: String, at location: String) throws(Diagnostic) {
    self.source = source
    var lexer = TemplateLexer(source, at: location)
    nodes = try TemplateParser(location: location).nodes(of: try lexer.chunks())
  }

  /// Names of the columns it reads, in order of appearance.
  public var columns: [String] {
    var names: [String] = []
    for case .output(let expression) in nodes {
      for name in expression.columns where !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The text with the columns of `row` (an object) filled in; `location` is the row's file and line.
  ///
  /// - Throws: ``Diagnostic`` if the row lacks a column.
  public func render(_ row: JSONValue, at location: String) throws(Diagnostic) -> String {
    var text = ""
    for node in nodes {
      switch node {
      case .text(let piece): text += piece
      case .output(let expression):
        text += PythonText.string(try expression.value(in: row, at: location))
      }
    }
    return text
  }

  /// The value of a template that is a single `{{ expression }}`, with its type; else the rendered text.
  ///
  /// - Throws: ``Diagnostic`` if the row lacks a column.
  public func value(in row: JSONValue, at location: String) throws(Diagnostic) -> JSONValue {
    if nodes.count == 1, case .output(let expression) = nodes[0] {
      return try expression.value(in: row, at: location)
    }
    return .string(try render(row, at: location))
  }
}

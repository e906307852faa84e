public import Diagnostics
public import Documents

/// A text with `{{column}}` and statements in it, filled from the columns of a row.
///
/// The language is Jinja's, as far as evaluation.md needs it; values behave and print as in Python. What is
/// not supported is refused when the template is read, or (methods and argument values) when it is rendered.
public struct Template: Sendable {
  public let source: String
  public let dialect: TemplateDialect
  private let location: String
  private let nodes: [TemplateNode]

  /// - Parameters:
  ///   - source: The template's text.
  ///   - dialect: Whose environment it is written for.
  ///   - location: File and key for messages, such as `arith.yaml: prompt`.
  /// - Throws: ``Diagnostic`` that names the first construct that is not supported, and its line.
  public init(
    _ source: String, dialect: TemplateDialect = .task, at location: String
  ) throws(Diagnostic) {
    self.source = source
    self.dialect = dialect
    self.location = location
    var lexer = TemplateLexer(source, dialect: dialect, at: location)
    var parser = TemplateParser(try lexer.lex(), dialect: dialect, at: location)
    nodes = try parser.nodes()
  }

  /// The text with the columns of `row` (an object) filled in.
  ///
  /// - Parameters:
  ///   - row: The names that the template may use, with their values.
  ///   - location: The row's file and line.
  ///   - date: What `strftime_now` prints.
  /// - Returns: The text.
  /// - Throws: ``Diagnostic`` if the row lacks a column, or has values that the template can not take.
  public func render(
    _ row: JSONValue, at location: String, date: TemplateDate? = nil
  ) throws(Diagnostic) -> String {
    let interpreter = TemplateInterpreter(dialect: dialect, date: date)
    do throws(TemplateFailure) {
      var text = ""
      _ = try interpreter.render(nodes, in: scope(of: row), to: &text)
      return text
    } catch {
      throw diagnostic(error, row, at: location)
    }
  }

  /// The value of a template that is a single `{{ expression }}`, with its type; else the rendered text.
  ///
  /// - Throws: ``Diagnostic`` as ``render(_:at:date:)`` does.
  public func value(in row: JSONValue, at location: String) throws(Diagnostic) -> JSONValue {
    guard nodes.count == 1, case .output(let expression, let line) = nodes[0] else {
      return .string(try render(row, at: location))
    }
    let interpreter = TemplateInterpreter(dialect: dialect, date: nil)
    do throws(TemplateFailure) {
      let value = try interpreter.evaluate(expression, in: scope(of: row))
      if let json = value.json { return json }
      return .string(try interpreter.text(of: value))
    } catch {
      var failure = error
      failure.line = failure.line ?? line
      throw diagnostic(failure, row, at: location)
    }
  }

  private func scope(of row: JSONValue) -> TemplateScope {
    let scope = TemplateScope(within: nil)
    for member in row.members ?? [] { scope[member.key] = TemplateValue(member.value) }
    return scope
  }

  private func diagnostic(
    _ failure: TemplateFailure, _ row: JSONValue, at place: String
  ) -> Diagnostic {
    let line = failure.line.map { ", line \($0) of the template" } ?? ""
    if let name = failure.missingName, dialect == .task {
      var diagnostic = missingColumn(name, of: row, at: place)
      diagnostic.problem += " (\(location)\(line))"
      return diagnostic
    }
    return Diagnostic("\(failure.problem) (\(location)\(line))", at: place, fix: failure.fix)
  }

  /// What Python's `ast.literal_eval` makes of a text; nil for anything but a literal.
  public static func literal(_ text: String) -> JSONValue? {
    guard let template = try? Template("{{" + text + "}}", at: ""), template.nodes.count == 1,
      case .output(let expression, _) = template.nodes[0], expression.isLiteral
    else { return nil }
    let interpreter = TemplateInterpreter(dialect: .task, date: nil)
    return (try? interpreter.evaluate(expression, in: TemplateScope(within: nil)))?.json
  }
}

extension Template: Hashable {
  public static func == (left: Template, right: Template) -> Bool {
    left.source == right.source && left.dialect == right.dialect
      && left.location == right.location
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

extension TemplateExpression {
  fileprivate var isLiteral: Bool {
    switch self {
    case .none, .bool, .integer, .real, .text: true
    case .negative(let operand), .positive(let operand): operand.isLiteral
    case .list(let elements), .tuple(let elements): elements.allSatisfy(\.isLiteral)
    case .mapping(let members): members.allSatisfy { $0.key.isLiteral && $0.value.isLiteral }
    default: false
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

import Diagnostics

/// Turns the lexer's chunks into nodes and names whatever the language does not have.
struct TemplateParser {
  let location: String

  func nodes(of chunks: [TemplateChunk]) throws(Diagnostic) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    for chunk in chunks {
      switch chunk {
      case .text(let text):
        nodes.append(.text(text))
      case .expression(let tokens, let source):
        nodes.append(.output(try expression(tokens, source: source)))
      case .statement(let tokens, let source):
        var construct = "statements"
        if case .name(let keyword)? = tokens.first { construct = "the statement '\(keyword)'" }
        throw unsupported(construct, in: source)
      }
    }
    return nodes
  }

  private func expression(
    _ tokens: [TemplateToken], source: String
  ) throws(Diagnostic) -> TemplateExpression {
    guard let first = tokens.first else {
      throw Diagnostic(
        "the template has an empty expression '\(source)'", at: location,
        fix: "name a column, as in '{{question}}'")
    }
    guard case .name(let name) = first, !Self.keywords.contains(name) else {
      throw unsupported(construct(startingWith: first), in: source)
    }
    if tokens.count > 1 {
      let next = tokens.count > 2 ? tokens[2] : nil
      throw unsupported(construct(continuingWith: tokens[1], next), in: source)
    }
    return .column(name)
  }

  private static let keywords: Set<String> = [
    "true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "else", "in", "is",
  ]

  private func construct(startingWith token: TemplateToken) -> String {
    switch token {
    case .name(let name): name == "not" ? "the operator 'not'" : "the literal '\(name)'"
    case .string, .number: "a literal"
    case .symbol("["): "a list"
    case .symbol("{"): "a dictionary"
    case .symbol(let symbol): "the operator '\(symbol)'"
    }
  }

  private func construct(continuingWith token: TemplateToken, _ next: TemplateToken?) -> String {
    switch token {
    case .symbol("."):
      if case .name(let name)? = next { return "the attribute '.\(name)'" }
      return "an attribute"
    case .symbol("|"):
      if case .name(let name)? = next { return "the filter '\(name)'" }
      return "a filter"
    case .symbol("["): return "an index"
    case .symbol("("): return "a call"
    case .symbol(let symbol): return "the operator '\(symbol)'"
    case .name(let name): return "the operator '\(name)'"
    case .string, .number: return "a literal after a name"
    }
  }

  private func unsupported(_ construct: String, in source: String) -> Diagnostic {
    Diagnostic(
      "templates do not support \(construct) in '\(source)'", at: location,
      fix: "use text and columns such as '{{question}}'; write what must be computed into the data")
  }
}

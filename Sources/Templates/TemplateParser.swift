import Diagnostics

/// Turns words into nodes as Jinja's parser does, and names whatever this engine does not have.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private let dialect: TemplateDialect
  private let location: String
  private var position = 0
  /// Loops around the current statement, for `break` and `continue`.
  var loopDepth = 0
  private var depth = 0
  /// Filters of the current tag whose values are marked as safe HTML.
  var markups: [(filter: String, line: Int)] = []

  init(_ tokens: [TemplateToken], dialect: TemplateDialect, at location: String) {
    self.tokens = tokens
    self.dialect = dialect
    self.location = location
  }

  mutating func nodes() throws(Diagnostic) -> [TemplateNode] {
    let nodes = try body(until: [])
    return nodes
  }

  /// Nodes up to a statement of one of these names, whose name has then been read; up to the end for none.
  mutating func body(until ends: [String]) throws(Diagnostic) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    try deepen()
    defer { depth -= 1 }
    while true {
      let token = next()
      switch token.kind {
      case .data(let text):
        nodes.append(.text(text))
      case .variableBegin:
        guard current.kind != .variableEnd else {
          throw problem("an expression is empty", fix: "name a column, as in '{{question}}'")
        }
        let expression = try tuple()
        try checkMarkup(printing: expression)
        nodes.append(.output(expression, line: token.line))
        try expect(.variableEnd, "}}")
      case .blockBegin:
        if case .name(let name) = current.kind, ends.contains(name) { return nodes }
        nodes += try statement()
        try checkMarkup(printing: nil)
        try expect(.blockEnd, "%}")
      default:
        guard let end = ends.last else { return nodes }
        throw problem("the template ends before '{% \(end) %}'", fix: "add '{% \(end) %}'")
      }
    }
  }

  /// The end of a statement, then its body; see ``body(until:)``.
  mutating func statementBody(until ends: [String]) throws(Diagnostic) -> [TemplateNode] {
    _ = take(.symbol(":"))
    try expect(.blockEnd, "%}")
    return try body(until: ends)
  }

  // MARK: Words

  var current: TemplateToken { tokens[position] }

  var following: TemplateToken { tokens[min(position + 1, tokens.count - 1)] }

  @discardableResult
  mutating func next() -> TemplateToken {
    let token = tokens[position]
    if position + 1 < tokens.count { position += 1 }
    return token
  }

  /// Reads the word if it is the next one.
  mutating func take(_ kind: TemplateToken.Kind) -> Bool {
    guard current.kind == kind else { return false }
    next()
    return true
  }

  mutating func expect(_ kind: TemplateToken.Kind, _ spelling: String) throws(Diagnostic) {
    guard take(kind) else {
      throw problem(
        "\(describe(current)) where '\(spelling)' is expected", fix: "correct the syntax")
    }
  }

  mutating func expectName() throws(Diagnostic) -> String {
    guard case .name(let name) = current.kind else {
      throw problem("\(describe(current)) where a name is expected", fix: "correct the syntax")
    }
    next()
    return name
  }

  /// Guards the stack against templates that are nested without end.
  mutating func deepen() throws(Diagnostic) {
    depth += 1
    if depth > 100 {
      throw problem("the template is nested more than 100 deep", fix: "write it flatter")
    }
  }

  mutating func surface() { depth -= 1 }

  var knowsLoopControls: Bool { dialect.hasLoopControls }

  // MARK: Messages

  func describe(_ token: TemplateToken) -> String {
    switch token.kind {
    case .name(let name): "'\(name)' stands"
    case .string(let text): "the text '\(text)' stands"
    case .integer(let value): "the number \(value) stands"
    case .real(let value): "the number \(value) stands"
    case .symbol(let symbol): "'\(symbol)' stands"
    case .variableEnd: "'}}' stands"
    case .blockEnd: "'%}' stands"
    case .end: "the template ends"
    case .data, .variableBegin, .blockBegin: "text stands"
    }
  }

  func problem(_ problem: String, line: Int? = nil, fix: String) -> Diagnostic {
    Diagnostic(problem, at: "\(location): line \(line ?? current.line) of the template", fix: fix)
  }

  func unsupported(_ construct: String, line: Int? = nil) -> Diagnostic {
    problem(
      "templates do not support \(construct)", line: line,
      fix: "write what it computes into the data, or import the task with 'mergevolve import'")
  }

  /// Values that Jinja marks as safe HTML behave otherwise than texts, but not where they are printed at once.
  private mutating func checkMarkup(printing expression: TemplateExpression?) throws(Diagnostic) {
    var outermost = 0
    var node = expression
    while case .filter(let base, let name, _)? = node, producesMarkup(name) {
      outermost += 1
      node = base
    }
    if let markup = markups.dropLast(outermost).first {
      throw unsupported(
        "the filter '\(markup.filter)' other than around all of what is printed", line: markup.line)
    }
    markups = []
  }

  func producesMarkup(_ filter: String) -> Bool {
    filter == "safe" || (filter == "tojson" && dialect == .task)
  }
}

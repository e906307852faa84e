import Diagnostics

extension TemplateParser {
  static let constants: Set<String> = ["true", "false", "none", "True", "False", "None"]

  mutating func expression(withConditional: Bool = true) throws(Diagnostic) -> TemplateExpression {
    try deepen()
    defer { surface() }
    var left = try or()
    while withConditional, take(.name("if")) {
      let test = try or()
      var otherwise: TemplateExpression?
      if take(.name("else")) { otherwise = try expression() }
      left = .conditional(left, test: test, otherwise: otherwise)
    }
    return left
  }

  /// One expression, or several with commas.
  mutating func tuple(
    withConditional: Bool = true, endingAt end: String? = nil, isParenthesized: Bool = false
  ) throws(Diagnostic) -> TemplateExpression {
    var elements: [TemplateExpression] = []
    var isTuple = false
    while true {
      if endsTuple(end) { break }
      elements.append(try expression(withConditional: withConditional))
      guard take(.symbol(",")) else { break }
      isTuple = true
    }
    if !isTuple, let only = elements.first { return only }
    guard isTuple || isParenthesized else {
      throw problem("\(describe(current)) where an expression is expected", fix: "write a value")
    }
    return .tuple(elements)
  }

  private func endsTuple(_ end: String?) -> Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(")"): true
    case .name(let name): name == end
    default: false
    }
  }

  // MARK: Operators, weakest first

  private mutating func or() throws(Diagnostic) -> TemplateExpression {
    var left = try and()
    while take(.name("or")) { left = .or(left, try and()) }
    return left
  }

  private mutating func and() throws(Diagnostic) -> TemplateExpression {
    var left = try not()
    while take(.name("and")) { left = .and(left, try not()) }
    return left
  }

  private mutating func not() throws(Diagnostic) -> TemplateExpression {
    guard take(.name("not")) else { return try comparison() }
    try deepen()
    defer { surface() }
    return .not(try not())
  }

  private mutating func comparison() throws(Diagnostic) -> TemplateExpression {
    let left = try sum()
    var operations: [(operation: String, operand: TemplateExpression)] = []
    while true {
      if case .symbol(let symbol) = current.kind,
        ["==", "!=", "<", "<=", ">", ">="].contains(symbol)
      {
        next()
        operations.append((symbol, try sum()))
      } else if take(.name("in")) {
        operations.append(("in", try sum()))
      } else if current.kind == .name("not"), following.kind == .name("in") {
        next()
        next()
        operations.append(("not in", try sum()))
      } else {
        return operations.isEmpty ? left : .comparison(left, operations)
      }
    }
  }

  private mutating func sum() throws(Diagnostic) -> TemplateExpression {
    var left = try concatenation()
    while let symbol = takeSymbol(of: ["+", "-"]) {
      left = .arithmetic(symbol, left, try concatenation())
    }
    return left
  }

  private mutating func concatenation() throws(Diagnostic) -> TemplateExpression {
    var parts = [try product()]
    while take(.symbol("~")) { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func product() throws(Diagnostic) -> TemplateExpression {
    var left = try power()
    while let symbol = takeSymbol(of: ["*", "/", "//", "%"]) {
      left = .arithmetic(symbol, left, try power())
    }
    return left
  }

  /// From the left, as in Jinja and unlike Python.
  private mutating func power() throws(Diagnostic) -> TemplateExpression {
    var left = try unary()
    while take(.symbol("**")) { left = .arithmetic("**", left, try unary()) }
    return left
  }

  private mutating func takeSymbol(of symbols: [String]) -> String? {
    guard case .symbol(let symbol) = current.kind, symbols.contains(symbol) else { return nil }
    next()
    return symbol
  }

  private mutating func unary(withFilters: Bool = true) throws(Diagnostic) -> TemplateExpression {
    var node: TemplateExpression
    if let sign = takeSymbol(of: ["-", "+"]) {
      try deepen()
      defer { surface() }
      let operand = try unary(withFilters: false)
      node = sign == "-" ? .negative(operand) : .positive(operand)
    } else {
      node = try primary()
    }
    node = try postfix(node)
    return withFilters ? try filtersAndTests(node) : node
  }

  // MARK: Primaries

  private mutating func primary() throws(Diagnostic) -> TemplateExpression {
    let token = current
    switch token.kind {
    case .name(let name):
      next()
      switch name {
      case "true", "True": return .bool(true)
      case "false", "False": return .bool(false)
      case "none", "None": return .none
      case "varargs", "kwargs", "caller", "self":
        throw unsupported("the name '\(name)'", line: token.line)
      default: return .name(name)
      }
    case .string(var text):
      next()
      while case .string(let more) = current.kind {
        text += more
        next()
      }
      return .text(text)
    case .integer(let value):
      next()
      return .integer(value)
    case .real(let value):
      next()
      return .real(value)
    case .symbol("("):
      next()
      let inner = try tuple(isParenthesized: true)
      try expect(.symbol(")"), ")")
      return inner
    case .symbol("["):
      return .list(try list())
    case .symbol("{"):
      return try mapping()
    default:
      throw problem("\(describe(token)) where a value is expected", fix: "correct the syntax")
    }
  }

  private mutating func list() throws(Diagnostic) -> [TemplateExpression] {
    next()
    var elements: [TemplateExpression] = []
    while current.kind != .symbol("]") {
      elements.append(try expression())
      if !take(.symbol(",")) { break }
    }
    try expect(.symbol("]"), "]")
    return elements
  }

  private mutating func mapping() throws(Diagnostic) -> TemplateExpression {
    next()
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while current.kind != .symbol("}") {
      let key = try expression()
      try expect(.symbol(":"), ":")
      members.append((key, try expression()))
      if !take(.symbol(",")) { break }
    }
    try expect(.symbol("}"), "}")
    return .mapping(members)
  }

  // MARK: What follows a primary

  private mutating func postfix(_ base: TemplateExpression) throws(Diagnostic)
    -> TemplateExpression
  {
    var node = base
    while true {
      switch current.kind {
      case .symbol("."):
        next()
        if case .integer(let index) = current.kind {
          next()
          node = .element(node, .integer(index))
        } else {
          node = .attribute(node, try expectName())
        }
      case .symbol("["): node = try element(of: node)
      case .symbol("("): node = .call(node, try arguments())
      default: return node
      }
    }
  }

  private mutating func element(of base: TemplateExpression) throws(Diagnostic)
    -> TemplateExpression
  {
    next()
    var bounds: [TemplateExpression?] = [nil]
    while current.kind != .symbol("]") {
      if take(.symbol(":")) {
        bounds.append(nil)
        guard bounds.count <= 3 else {
          throw problem("a slice has more than two colons", fix: "write [from:to:step]")
        }
      } else if current.kind == .symbol(",") {
        throw unsupported("an index of several values")
      } else {
        guard bounds[bounds.count - 1] == nil else {
          throw problem("\(describe(current)) where ']' is expected", fix: "correct the syntax")
        }
        bounds[bounds.count - 1] = try expression()
      }
    }
    next()
    if bounds.count == 1 {
      guard let index = bounds[0] else {
        throw problem("an index is empty", fix: "write a position or a key")
      }
      return .element(base, index)
    }
    return .slice(
      base, from: bounds[0], to: bounds[1], step: bounds.count > 2 ? bounds[2] : nil)
  }

  private mutating func arguments() throws(Diagnostic) -> TemplateArgumentSyntax {
    next()
    var arguments = TemplateArgumentSyntax()
    while current.kind != .symbol(")") {
      if current.kind == .symbol("*") || current.kind == .symbol("**") {
        throw unsupported("arguments from a list or mapping ('*')")
      }
      if case .name(let name) = current.kind, following.kind == .symbol("=") {
        next()
        next()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else {
          throw problem(
            "an argument without a name follows one with a name", fix: "change their order")
        }
        arguments.positional.append(try expression())
      }
      if !take(.symbol(",")) { break }
    }
    try expect(.symbol(")"), ")")
    return arguments
  }

  // MARK: Filters and tests

  private mutating func filtersAndTests(_ base: TemplateExpression) throws(Diagnostic)
    -> TemplateExpression
  {
    var node = base
    while true {
      switch current.kind {
      case .symbol("|"): node = try filter(node)
      case .name("is"): node = try test(node)
      case .symbol("("): node = .call(node, try arguments())
      default: return node
      }
    }
  }

  mutating func filter(_ base: TemplateExpression) throws(Diagnostic) -> TemplateExpression {
    next()
    return try namedFilter(base)
  }

  mutating func namedFilter(_ base: TemplateExpression) throws(Diagnostic) -> TemplateExpression {
    let line = current.line
    let name = try expectName()
    guard TemplateFilter.names.contains(name), name != "regex_replace" || !knowsLoopControls else {
      throw unsupported("the filter '\(name)'", line: line)
    }
    if producesMarkup(name) { markups.append((name, line)) }
    var arguments = TemplateArgumentSyntax()
    if current.kind == .symbol("(") { arguments = try self.arguments() }
    return .filter(base, name, arguments)
  }

  private mutating func test(_ base: TemplateExpression) throws(Diagnostic) -> TemplateExpression {
    next()
    let isNegated = take(.name("not"))
    let line = current.line
    let name = try expectName()
    guard TemplateTest.names.contains(name) else {
      throw unsupported("the test '\(name)'", line: line)
    }
    var arguments = TemplateArgumentSyntax()
    switch current.kind {
    case .symbol("("):
      arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"):
      break
    case .name("is"):
      throw problem("tests are chained with 'is'", fix: "join them with 'and'")
    case .name, .string, .integer, .real, .symbol("["), .symbol("{"):
      // Jinja takes any word for an argument here, 'if' of an inline condition too.
      let argument = try primary()
      arguments.positional = [try postfix(argument)]
    default:
      break
    }
    let node = TemplateExpression.test(base, name, arguments)
    return isNegated ? .not(node) : node
  }
}

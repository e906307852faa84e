import Diagnostics

extension TemplateParser {
  /// The statement whose name is the current word, up to its closing delimiter.
  mutating func statement() throws(Diagnostic) -> [TemplateNode] {
    let line = current.line
    let keyword = try expectName()
    switch keyword {
    case "if": return [try condition(line)]
    case "for": return [try loop(line)]
    case "set": return [try assignment(line)]
    case "macro": return [try macro(line)]
    case "with": return [try with(line)]
    case "filter": return [try filterBlock(line)]
    case "generation" where knowsLoopControls:
      let nodes = try statementBody(until: ["endgeneration"])
      next()
      return [.scope([], body: nodes)]
    case "break" where knowsLoopControls, "continue" where knowsLoopControls:
      guard loopDepth > 0 else {
        throw problem("'\(keyword)' stands outside a loop", line: line, fix: "remove it")
      }
      return [keyword == "break" ? .breakLoop : .continueLoop]
    default:
      throw unsupported("the statement '\(keyword)'", line: line)
    }
  }

  private mutating func condition(_ line: Int) throws(Diagnostic) -> TemplateNode {
    var branches: [TemplateBranch] = []
    var otherwise: [TemplateNode] = []
    var line = line
    while true {
      let test = try tuple(withConditional: false)
      let nodes = try statementBody(until: ["elif", "else", "endif"])
      branches.append(TemplateBranch(test: test, body: nodes, line: line))
      line = current.line
      let end = try expectName()
      if end == "elif" { continue }
      if end == "else" {
        otherwise = try statementBody(until: ["endif"])
        next()
      }
      return .condition(branches, otherwise: otherwise)
    }
  }

  private mutating func loop(_ line: Int) throws(Diagnostic) -> TemplateNode {
    let target = try targets(endingAt: "in")
    guard take(.name("in")) else {
      throw problem("\(describe(current)) where 'in' is expected", fix: "write 'for x in xs'")
    }
    let sequence = try tuple(withConditional: false, endingAt: "recursive")
    var test: TemplateExpression?
    if take(.name("if")) { test = try expression() }
    if current.kind == .name("recursive") { throw unsupported("recursive loops", line: line) }
    loopDepth += 1
    let nodes = try statementBody(until: ["endfor", "else"])
    loopDepth -= 1
    var otherwise: [TemplateNode] = []
    if try expectName() == "else" {
      otherwise = try statementBody(until: ["endfor"])
      next()
    }
    return .loop(
      TemplateLoopSyntax(
        target: target, sequence: sequence, test: test, body: nodes, otherwise: otherwise,
        line: line))
  }

  private mutating func assignment(_ line: Int) throws(Diagnostic) -> TemplateNode {
    let target = try targets(endingAt: nil)
    if take(.symbol("=")) {
      return .assignment(target, try tuple(), line: line)
    }
    var filtered = TemplateExpression.captured
    while current.kind == .symbol("|") { filtered = try filter(filtered) }
    let nodes = try bodyOutsideLoops(until: "endset")
    return .capture(target, body: nodes, filtered: filtered, line: line)
  }

  private mutating func macro(_ line: Int) throws(Diagnostic) -> TemplateNode {
    let name = try expectName()
    try expect(.symbol("("), "(")
    var parameters: [TemplateMacroSyntax.Parameter] = []
    while current.kind != .symbol(")") {
      if !parameters.isEmpty { try expect(.symbol(","), ",") }
      let parameter = try expectName()
      var standard: TemplateExpression?
      if take(.symbol("=")) {
        standard = try expression()
      } else if parameters.last?.standard != nil {
        throw problem(
          "the parameter '\(parameter)' without a default follows one with a default",
          fix: "give it a default")
      }
      parameters.append(.init(name: parameter, standard: standard))
    }
    next()
    let nodes = try bodyOutsideLoops(until: "endmacro")
    return .macro(TemplateMacroSyntax(name: name, parameters: parameters, body: nodes))
  }

  private mutating func with(_ line: Int) throws(Diagnostic) -> TemplateNode {
    var definitions: [TemplateDefinition] = []
    while current.kind != .blockEnd {
      if !definitions.isEmpty { try expect(.symbol(","), ",") }
      let target = try targets(endingAt: nil, allowsTuple: false)
      try expect(.symbol("="), "=")
      definitions.append(TemplateDefinition(target: target, value: try expression(), line: line))
    }
    let nodes = try statementBody(until: ["endwith"])
    next()
    return .scope(definitions, body: nodes)
  }

  private mutating func filterBlock(_ line: Int) throws(Diagnostic) -> TemplateNode {
    var filtered = try namedFilter(.captured)
    while current.kind == .symbol("|") { filtered = try filter(filtered) }
    let nodes = try bodyOutsideLoops(until: "endfilter")
    return .filtered(filtered, body: nodes, line: line)
  }

  /// A body that becomes a value: a `break` in it can not end a loop around it.
  private mutating func bodyOutsideLoops(until end: String) throws(Diagnostic) -> [TemplateNode] {
    let outer = loopDepth
    loopDepth = 0
    let nodes = try statementBody(until: [end])
    loopDepth = outer
    next()
    return nodes
  }

  // MARK: Targets

  private mutating func targets(
    endingAt end: String?, allowsTuple: Bool = true
  ) throws(Diagnostic) -> TemplateTarget {
    var targets: [TemplateTarget] = []
    while true {
      if !targets.isEmpty, endsTargets(end) { break }
      targets.append(try target())
      guard allowsTuple, take(.symbol(",")) else {
        if targets.count == 1 { return targets[0] }
        break
      }
    }
    return .tuple(targets)
  }

  private func endsTargets(_ end: String?) -> Bool {
    switch current.kind {
    case .name(let name): name == end
    case .symbol(")"), .symbol("="), .blockEnd: true
    default: false
    }
  }

  private mutating func target() throws(Diagnostic) -> TemplateTarget {
    if take(.symbol("(")) {
      let inner = try targets(endingAt: nil)
      try expect(.symbol(")"), ")")
      return inner
    }
    let line = current.line
    let name = try expectName()
    guard !Self.constants.contains(name) else {
      throw problem("nothing can be assigned to '\(name)'", line: line, fix: "use another name")
    }
    guard take(.symbol(".")) else { return .name(name) }
    return .member(of: name, try expectName())
  }
}

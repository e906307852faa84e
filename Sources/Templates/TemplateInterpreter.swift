/// Renders the nodes of a template.
struct TemplateInterpreter {
  let dialect: TemplateDialect
  /// What `strftime_now` prints; nil if the template may not ask.
  let date: TemplateDate?

  /// How a body ended.
  enum Ending {
    case end, breakLoop, continueLoop
  }

  /// Appends what the nodes print.
  func render(
    _ nodes: [TemplateNode], in scope: TemplateScope, to output: inout String
  ) throws(TemplateFailure) -> Ending {
    for node in nodes {
      let ending = try render(node, in: scope, to: &output)
      if ending != .end { return ending }
    }
    return .end
  }

  private func render(
    _ node: TemplateNode, in scope: TemplateScope, to output: inout String
  ) throws(TemplateFailure) -> Ending {
    switch node {
    case .text(let text): output += text
    case .output(let expression, let line):
      output += try at(line) { () throws(TemplateFailure) in
        try text(of: evaluate(expression, in: scope))
      }
    case .condition(let branches, let otherwise):
      for branch in branches {
        let isTrue = try at(branch.line) { () throws(TemplateFailure) in
          try truth(of: evaluate(branch.test, in: scope))
        }
        if isTrue { return try render(branch.body, in: scope, to: &output) }
      }
      return try render(otherwise, in: scope, to: &output)
    case .loop(let loop): try render(loop, in: scope, to: &output)
    case .assignment(let target, let expression, let line):
      try at(line) { () throws(TemplateFailure) in
        try assign(evaluate(expression, in: scope), to: target, in: scope)
      }
    case .capture(let target, let body, let filtered, let line):
      let text = try captured(body, in: TemplateScope(within: scope))
      try at(line) { () throws(TemplateFailure) in
        let value = try evaluate(filtered, in: scope, captured: text)
        try assign(value, to: target, in: scope)
      }
    case .macro(let syntax):
      scope[syntax.name] = .macro(TemplateMacro(syntax: syntax, scope: scope))
    case .scope(let definitions, let body):
      let inner = TemplateScope(within: scope)
      for definition in definitions {
        try at(definition.line) { () throws(TemplateFailure) in
          try assign(evaluate(definition.value, in: scope), to: definition.target, in: inner)
        }
      }
      return try render(body, in: inner, to: &output)
    case .filtered(let filtered, let body, let line):
      let text = try captured(body, in: TemplateScope(within: scope))
      output += try at(line) { () throws(TemplateFailure) in
        try self.text(of: evaluate(filtered, in: scope, captured: text))
      }
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .end
  }

  private func captured(
    _ body: [TemplateNode], in scope: TemplateScope
  ) throws(TemplateFailure) -> String {
    var text = ""
    _ = try render(body, in: scope, to: &text)
    return text
  }

  private func render(
    _ loop: TemplateLoopSyntax, in scope: TemplateScope, to output: inout String
  ) throws(TemplateFailure) {
    let elements = try at(loop.line) { () throws(TemplateFailure) in
      try self.elements(of: loop, in: scope)
    }
    guard !elements.isEmpty else {
      _ = try render(loop.otherwise, in: TemplateScope(within: scope), to: &output)
      return
    }
    for (index, element) in elements.enumerated() {
      let turn = TemplateScope(within: scope)
      turn["loop"] = .loop(
        TemplateLoop(
          index: index, count: elements.count,
          previous: index > 0 ? elements[index - 1] : nil,
          next: index + 1 < elements.count ? elements[index + 1] : nil))
      try at(loop.line) { () throws(TemplateFailure) in
        try assign(element, to: loop.target, in: turn)
      }
      if try render(loop.body, in: turn, to: &output) == .breakLoop { return }
    }
  }

  private func elements(
    of loop: TemplateLoopSyntax, in scope: TemplateScope
  ) throws(TemplateFailure) -> [TemplateValue] {
    let sequence = try defined(evaluate(loop.sequence, in: scope))
    let elements = try TemplateOperators.elements(of: sequence)
    guard let test = loop.test else { return elements }
    var kept: [TemplateValue] = []
    for element in elements {
      let turn = TemplateScope(within: scope)
      try assign(element, to: loop.target, in: turn)
      if try truth(of: evaluate(test, in: turn)) { kept.append(element) }
    }
    return kept
  }

  private func assign(
    _ value: TemplateValue, to target: TemplateTarget, in scope: TemplateScope
  ) throws(TemplateFailure) {
    if case .iterator(_, isGenerator: true) = value {
      throw .unsupported("a generator in a variable: add '| list'")
    }
    switch target {
    case .name(let name): scope[name] = value
    case .tuple(let targets):
      let elements = try TemplateOperators.elements(of: defined(value))
      guard elements.count == targets.count else {
        throw TemplateFailure("\(elements.count) values are assigned to \(targets.count) names")
      }
      for (element, target) in zip(elements, targets) { try assign(element, to: target, in: scope) }
    case .member(let owner, let name):
      guard case .namespace(let namespace)? = scope[owner] else {
        throw TemplateFailure("'\(owner)' is not a namespace, so '\(owner).\(name)' can not be set")
      }
      namespace.members.set(.text(name), value)
    }
  }

  /// Runs a body whose failures stand on a line of the template.
  private func at<Result>(
    _ line: Int, _ body: () throws(TemplateFailure) -> Result
  ) throws(TemplateFailure) -> Result {
    do {
      return try body()
    } catch {
      var failure = error
      failure.line = failure.line ?? line
      throw failure
    }
  }

  // MARK: Undefined values

  /// - Throws: ``TemplateFailure`` for an undefined value where the dialect minds.
  func defined(_ value: TemplateValue) throws(TemplateFailure) -> TemplateValue {
    if case .undefined(let undefined) = value, isError(undefined) { throw undefined.failure }
    return value
  }

  private func isError(_ undefined: TemplateUndefined) -> Bool {
    if case .otherwise = undefined { return false }
    return dialect.isStrict
  }

  func truth(of value: TemplateValue) throws(TemplateFailure) -> Bool {
    TemplateOperators.isTrue(try defined(value))
  }

  /// What `{{ value }}` prints.
  func text(of value: TemplateValue) throws(TemplateFailure) -> String {
    if case .undefined(let undefined) = value, !isError(undefined) { return "" }
    return try PythonFormat.text(of: value)
  }

  // MARK: Calls

  func call(
    _ callee: TemplateValue, _ arguments: TemplateArguments, from caller: TemplateScope
  ) throws(TemplateFailure) -> TemplateValue {
    switch callee {
    case .method(let receiver, let name):
      return try TemplateMethods.call(name, of: receiver, arguments)
    case .function(let function): return try call(function, arguments)
    case .macro(let macro):
      return .text(try call(macro, arguments, depth: caller.callDepth + 1))
    case .undefined(let undefined): throw undefined.failure
    default: throw TemplateFailure("\(callee.kind) can not be called")
    }
  }

  private func call(
    _ macro: TemplateMacro, _ arguments: TemplateArguments, depth: Int
  ) throws(TemplateFailure) -> String {
    let parameters = macro.syntax.parameters
    let values = try arguments.values(
      parameters.map(\.name), of: "the macro '\(macro.syntax.name)'")
    let scope = TemplateScope(within: macro.scope, callDepth: depth)
    guard depth <= 50 else {
      throw TemplateFailure("macros call each other more than 50 deep")
    }
    for (parameter, value) in zip(parameters, values) {
      var given = value ?? .undefined(.other("the argument '\(parameter.name)' is missing"))
      if value == nil, let standard = parameter.standard {
        given = try evaluate(standard, in: scope)
      }
      try assign(given, to: .name(parameter.name), in: scope)
    }
    return try captured(macro.syntax.body, in: scope)
  }

  private func call(
    _ function: TemplateFunction, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch function {
    case .range: return .iterator(try range(arguments), isGenerator: false)
    case .namespace:
      let namespace = TemplateNamespace()
      namespace.members = try mapping(arguments, of: "'namespace'")
      return .namespace(namespace)
    case .dict: return .mapping(try mapping(arguments, of: "'dict'"))
    case .raiseException:
      let message = try arguments.values(["message"], of: "'raise_exception'")[0] ?? .text("")
      throw TemplateFailure(
        "the template says: \(try text(of: message))",
        fix: "give it messages that it accepts, or another template")
    case .strftimeNow:
      guard let date else {
        throw TemplateFailure(
          "the template prints today's date, so that scores would depend on the day",
          fix: "say which day it is: chat: {date: 2024-07-26}")
      }
      let format = try arguments.values(["format"], of: "'strftime_now'")[0] ?? .none
      return .text(try date.text(format.text(for: "'strftime_now'")))
    }
  }

  private func range(_ arguments: TemplateArguments) throws(TemplateFailure) -> [TemplateValue] {
    var numbers: [Int] = []
    for value in arguments.positional { numbers.append(try value.integer(for: "'range'")) }
    guard (1...3).contains(numbers.count), arguments.named.isEmpty else {
      throw TemplateFailure("'range' takes one to three numbers")
    }
    let start = numbers.count == 1 ? 0 : numbers[0]
    let end = numbers.count == 1 ? numbers[0] : numbers[1]
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw TemplateFailure("'range' has the step 0") }
    let (span, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, span / step <= 100_000 else {
      throw TemplateFailure("'range' has more than 100000 numbers")
    }
    return stride(from: start, to: end, by: step).map(TemplateValue.integer)
  }

  private func mapping(
    _ arguments: TemplateArguments, of callee: String
  ) throws(TemplateFailure) -> TemplateMapping {
    var mapping = TemplateMapping()
    if let first = try arguments.positionalValues(upTo: 1, of: callee).first {
      if case .mapping(let given) = first {
        mapping = given
      } else {
        for pair in try TemplateOperators.elements(of: first) {
          let members = try TemplateOperators.elements(of: pair)
          guard members.count == 2 else { throw TemplateFailure("\(callee) takes pairs") }
          mapping.set(members[0], members[1])
        }
      }
    }
    for argument in arguments.named { mapping.set(.text(argument.name), argument.value) }
    return mapping
  }
}

extension TemplateArguments {
  func positionalValues(
    upTo count: Int, of callee: String
  ) throws(TemplateFailure) -> [TemplateValue] {
    guard positional.count <= count else {
      throw TemplateFailure("\(callee) takes at most \(count) arguments without name")
    }
    return positional
  }
}

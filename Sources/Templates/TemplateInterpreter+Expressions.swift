extension TemplateInterpreter {
  /// The value of an expression; `captured` is the text of the block around it, if it stands for one.
  func evaluate(
    _ expression: TemplateExpression, in scope: TemplateScope, captured: String = ""
  ) throws(TemplateFailure) -> TemplateValue {
    func value(_ expression: TemplateExpression) throws(TemplateFailure) -> TemplateValue {
      try evaluate(expression, in: scope, captured: captured)
    }
    switch expression {
    case .none: return .none
    case .bool(let flag): return .bool(flag)
    case .integer(let value): return .integer(value)
    case .real(let value): return .real(value)
    case .text(let text): return .text(text)
    case .captured: return .text(captured)
    case .name(let name): return scope[name] ?? standardValue(name)
    case .list(let elements): return .list(try values(elements, in: scope))
    case .tuple(let elements): return .tuple(try values(elements, in: scope))
    case .mapping(let members):
      var mapping = TemplateMapping()
      for member in members { mapping.set(try value(member.key), try value(member.value)) }
      return .mapping(mapping)
    case .attribute(let base, let name):
      let base = try value(base)
      if case .undefined(let undefined) = base { throw undefined.failure }
      return TemplateOperators.attribute(name, of: base)
    case .element(let base, let key):
      return try TemplateOperators.element(of: value(base), at: value(key))
    case .slice(let base, let from, let to, let step):
      return try TemplateOperators.slice(
        value(base), bound(from, in: scope), bound(to, in: scope), bound(step, in: scope))
    case .call(let callee, let arguments):
      return try call(value(callee), self.arguments(arguments, in: scope), from: scope)
    case .filter(let base, let name, let arguments):
      return try TemplateFilter(name, interpreter: self).apply(
        to: value(base), self.arguments(arguments, in: scope))
    case .test(let base, let name, let arguments):
      return .bool(
        try TemplateTest(name, interpreter: self).holds(
          for: value(base), self.arguments(arguments, in: scope)))
    case .not(let operand): return .bool(try !truth(of: value(operand)))
    case .and(let left, let right):
      let left = try value(left)
      return try truth(of: left) ? value(right) : left
    case .or(let left, let right):
      let left = try value(left)
      return try truth(of: left) ? left : value(right)
    case .negative(let operand):
      return try signed(value(operand), isNegative: true)
    case .positive(let operand):
      return try signed(value(operand), isNegative: false)
    case .comparison(let first, let operations):
      return .bool(try comparison(value(first), operations, in: scope))
    case .arithmetic(let operation, let left, let right):
      return try TemplateOperators.arithmetic(operation, value(left), value(right))
    case .concatenation(let parts):
      var text = ""
      for part in parts { text += try self.text(of: value(part)) }
      return .text(text)
    case .conditional(let result, let test, let otherwise):
      if try truth(of: value(test)) { return try value(result) }
      guard let otherwise else {
        return .undefined(.otherwise)
      }
      return try value(otherwise)
    }
  }

  private func standardValue(_ name: String) -> TemplateValue {
    if let function = TemplateFunction(rawValue: name) {
      let isChatOnly = function == .raiseException || function == .strftimeNow
      if !isChatOnly || dialect == .chat { return .function(function) }
    }
    return .undefined(.name(name))
  }

  private func values(
    _ expressions: [TemplateExpression], in scope: TemplateScope
  ) throws(TemplateFailure) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try evaluate(expression, in: scope)) }
    return values
  }

  private func arguments(
    _ syntax: TemplateArgumentSyntax, in scope: TemplateScope
  ) throws(TemplateFailure) -> TemplateArguments {
    var arguments = TemplateArguments(positional: try values(syntax.positional, in: scope))
    for argument in syntax.named {
      arguments.named.append((argument.name, try evaluate(argument.value, in: scope)))
    }
    return arguments
  }

  private func bound(
    _ expression: TemplateExpression?, in scope: TemplateScope
  ) throws(TemplateFailure) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression, in: scope)
    if case .none = value { return nil }
    return try value.integer(for: "a slice")
  }

  private func signed(
    _ value: TemplateValue, isNegative: Bool
  ) throws(TemplateFailure) -> TemplateValue {
    if case .undefined(let undefined) = value { throw undefined.failure }
    if case .real(let real) = value { return .real(isNegative ? -real : real) }
    return try TemplateOperators.arithmetic(isNegative ? "-" : "+", .integer(0), value)
  }

  private func comparison(
    _ first: TemplateValue, _ operations: [(operation: String, operand: TemplateExpression)],
    in scope: TemplateScope
  ) throws(TemplateFailure) -> Bool {
    var left = try defined(first)
    for (operation, operand) in operations {
      let right = try defined(evaluate(operand, in: scope))
      guard try TemplateOperators.compare(operation, left, right) else { return false }
      left = right
    }
    return true
  }
}

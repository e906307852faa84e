/// A test of the template language, such as `is defined`.
struct TemplateTest {
  let name: String
  let interpreter: TemplateInterpreter

  /// - Precondition: `name` is one of ``names``.
  init(_ name: String, interpreter: TemplateInterpreter) {
    self.name = name
    self.interpreter = interpreter
  }

  static let names: Set<String> = [
    "defined", "undefined", "none", "boolean", "false", "true", "integer", "float", "number",
    "string", "mapping", "sequence", "iterable", "callable", "lower", "upper", "odd", "even",
    "divisibleby", "in", "sameas", "eq", "equalto", "ne", "gt", "greaterthan", "ge", "lt",
    "lessthan", "le",
  ]

  /// The operators that stand behind names; `select('==', x)` and the like name them directly.
  static let comparisons: [String: String] = [
    "eq": "==", "equalto": "==", "==": "==", "ne": "!=", "!=": "!=", "gt": ">", "greaterthan": ">",
    ">": ">", "ge": ">=", ">=": ">=", "lt": "<", "lessthan": "<", "<": "<", "le": "<=", "<=": "<=",
    "in": "in",
  ]

  func holds(
    for value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> Bool {
    if let operation = Self.comparisons[name] {
      let right = try interpreter.defined(argument(arguments))
      return try TemplateOperators.compare(operation, interpreter.defined(value), right)
    }
    switch name {
    case "divisibleby":
      let divisor = try argument(arguments).integer(for: "'divisibleby'")
      let value = try value.integer(for: "'divisibleby'")
      guard divisor != 0 else { throw TemplateFailure("a number is divided by zero") }
      return divisor == -1 || value % divisor == 0
    case "sameas": return try isSame(value, argument(arguments))
    default:
      guard arguments.positional.isEmpty, arguments.named.isEmpty else {
        throw TemplateFailure("the test '\(name)' takes no argument")
      }
      return try holds(for: value)
    }
  }

  private func argument(_ arguments: TemplateArguments) throws(TemplateFailure) -> TemplateValue {
    guard arguments.positional.count == 1, arguments.named.isEmpty else {
      throw TemplateFailure("the test '\(name)' takes one argument")
    }
    return arguments.positional[0]
  }

  private func holds(for value: TemplateValue) throws(TemplateFailure) -> Bool {
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("none", .none), ("boolean", .bool), ("string", .text), ("mapping", .mapping): return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("integer", .integer), ("integer", .hugeInteger), ("float", .real): return true
    case ("number", .integer), ("number", .hugeInteger), ("number", .real), ("number", .bool):
      return true
    case ("sequence", .undefined): return !interpreter.dialect.isStrict
    case ("sequence", .text), ("sequence", .list), ("sequence", .tuple), ("sequence", .mapping):
      return true
    case ("iterable", _):
      switch try interpreter.defined(value) {
      case .undefined, .text, .list, .tuple, .iterator, .mapping: return true
      default: return false
      }
    case ("callable", .method), ("callable", .function), ("callable", .macro): return true
    case ("lower", _), ("upper", _):
      return PythonText.isCased(try interpreter.text(of: value), upper: name == "upper")
    case ("odd", _), ("even", _):
      return try value.integer(for: "'\(name)'") & 1 == (name == "odd" ? 1 : 0)
    default: return false
    }
  }

  /// Identity, where it does not depend on how Python stores things.
  private func isSame(
    _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFailure) -> Bool {
    switch (left, right) {
    case (.none, .none): true
    case (.bool(let left), .bool(let right)): left == right
    case (.none, _), (_, .none), (.bool, _), (_, .bool): false
    default: throw .unsupported("the test 'sameas' other than for true, false and none")
    }
  }
}

/// A filter of the template language, such as `| join(', ')`.
struct TemplateFilter {
  let name: String
  let interpreter: TemplateInterpreter

  /// - Precondition: `name` is one of ``names``.
  init(_ name: String, interpreter: TemplateInterpreter) {
    self.name = name
    self.interpreter = interpreter
  }

  static let names: Set<String> = [
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "format", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "regex_replace",
    "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort",
    "string", "sum", "title", "tojson", "trim", "unique", "upper",
  ]

  func apply(
    to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch name {
    case "default", "d": return try standard(value, arguments)
    case "map", "select", "reject", "selectattr", "rejectattr":
      return .iterator(try chosen(from: elements(value), arguments), isGenerator: true)
    case "first", "last", "length", "count", "list", "reverse", "items", "dictsort", "join", "sum",
      "sort", "unique", "min", "max":
      return try applyToElements(value, arguments)
    case "abs", "int", "float", "round": return try applyToNumber(value, arguments)
    case "safe":
      _ = try given(arguments)
      return .text(try text(value))
    case "tojson": return .text(try json(value, arguments))
    default: return .text(try applyToText(value, arguments))
    }
  }

  // MARK: Arguments

  func given(
    _ arguments: TemplateArguments, _ parameters: String...
  ) throws(TemplateFailure) -> [TemplateValue?] {
    try arguments.values(parameters, of: "the filter '\(name)'")
  }

  var owner: String { "the filter '\(name)'" }

  func text(_ value: TemplateValue) throws(TemplateFailure) -> String {
    try interpreter.text(of: value)
  }

  func flag(_ value: TemplateValue?) throws(TemplateFailure) -> Bool {
    guard let value else { return false }
    return try interpreter.truth(of: value)
  }

  func elements(_ value: TemplateValue) throws(TemplateFailure) -> [TemplateValue] {
    try TemplateOperators.elements(of: interpreter.defined(value))
  }

  private func standard(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    let given = try given(arguments, "default_value", "boolean")
    if case .undefined = value { return given[0] ?? .text("") }
    if try flag(given[1]), !TemplateOperators.isTrue(value) { return given[0] ?? .text("") }
    return value
  }

  // MARK: Texts

  private func applyToText(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> String {
    switch name {
    case "trim":
      let given = try given(arguments, "chars")
      return PythonText.stripped(try text(value), of: try given[0]?.text(for: owner))
    case "replace":
      let given = try given(arguments, "old", "new", "count")
      guard let old = given[0], let new = given[1] else {
        throw TemplateFailure("\(owner) lacks an argument")
      }
      return PythonText.replacing(
        try text(old), with: try text(new), in: try text(value),
        limit: try given[2]?.integer(for: owner) ?? -1)
    case "format":
      guard arguments.named.isEmpty else { throw .unsupported("\(owner) with named values") }
      return try PythonFormat.percent(text(value), arguments.positional)
    case "indent": return try indented(value, arguments)
    case "regex_replace":
      let given = try given(arguments, "pattern", "repl", "count")
      guard let pattern = given[0], let replacement = given[1] else {
        throw TemplateFailure("\(owner) lacks an argument")
      }
      return try PythonRegex.replace(
        pattern.text(for: owner), with: replacement.text(for: owner),
        in: interpreter.defined(value).text(for: owner),
        limit: given[2]?.integer(for: owner) ?? 0)
    default:
      _ = try given(arguments)
      let text = try text(value)
      return switch name {
      case "lower": PythonText.lower(text)
      case "upper": PythonText.upper(text)
      case "capitalize": PythonText.capitalized(text)
      case "title": titled(text)
      default: text
      }
    }
  }

  /// Jinja's own: words begin after white space, `-` and opening brackets only.
  private func titled(_ text: String) -> String {
    var result = ""
    var word: [Unicode.Scalar] = []
    func flush() {
      guard let first = word.first else { return }
      result += PythonText.upper(String(first))
      result += PythonText.lower(PythonText.string(word.dropFirst()))
      word = []
    }
    for scalar in text.unicodeScalars {
      if PythonText.isWhitespace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
        flush()
        result.unicodeScalars.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    flush()
    return result
  }

  private func indented(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> String {
    let given = try given(arguments, "width", "first", "blank")
    var indentation = "    "
    switch given[0] {
    case .text(let text)?: indentation = text
    case let width?:
      indentation = String(repeating: " ", count: min(1000, max(0, try width.integer(for: owner))))
    case nil: break
    }
    let indentsBlank = try flag(given[2])
    let lines = PythonText.lines(try interpreter.defined(value).text(for: owner) + "\n")
    var result = try flag(given[1]) ? indentation : ""
    for (index, line) in lines.enumerated() {
      if index > 0 { result += "\n" + (line.isEmpty && !indentsBlank ? "" : indentation) }
      result += line
    }
    return result
  }

  // MARK: Numbers

  private func applyToNumber(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    if case .undefined(let undefined) = value { throw undefined.failure }
    switch name {
    case "abs":
      _ = try given(arguments)
      if case .real(let real) = value { return .real(real.magnitude) }
      let integer = try value.integer(for: owner)
      return integer < 0
        ? try TemplateOperators.arithmetic("-", .integer(0), value) : .integer(integer)
    case "int":
      let given = try given(arguments, "default", "base")
      guard try given[1]?.integer(for: owner) ?? 10 == 10 else {
        throw .unsupported("\(owner) with a base other than 10")
      }
      return try integer(value) ?? given[0] ?? .integer(0)
    case "float":
      let given = try given(arguments, "default")
      if case .text(let text) = value {
        return PythonNumber.real(text).map(TemplateValue.real) ?? given[0] ?? .real(0)
      }
      return value.number.map(TemplateValue.real) ?? given[0] ?? .real(0)
    default: return try rounded(value, arguments)
    }
  }

  private func integer(_ value: TemplateValue) throws(TemplateFailure) -> TemplateValue? {
    switch value {
    case .hugeInteger: return value
    case .text(let text):
      if let integer = PythonNumber.integer(text) { return integer }
      guard let real = PythonNumber.real(text), real.isFinite else { return nil }
      return try truncated(real)
    case .real(let real):
      guard real.isFinite else { return nil }
      return try truncated(real)
    default: return value.exactInteger.map(TemplateValue.integer)
    }
  }

  private func truncated(_ real: Double) throws(TemplateFailure) -> TemplateValue {
    guard let integer = Int(exactly: real.rounded(.towardZero)) else {
      throw TemplateFailure("the number \(real) is too large for a whole number")
    }
    return .integer(integer)
  }

  private func rounded(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    let given = try given(arguments, "precision", "method")
    let precision = try given[0]?.integer(for: owner) ?? 0
    let method = try given[1]?.text(for: owner) ?? "common"
    guard (0...15).contains(precision), let number = value.number else {
      throw TemplateFailure("\(owner) takes a number and 0 to 15 places")
    }
    switch method {
    case "common":
      if let integer = value.exactInteger { return .integer(integer) }
      return .real(PythonNumber.rounded(number, places: precision))
    case "floor", "ceil":
      var scale = 1.0
      for _ in 0..<precision { scale *= 10 }
      return .real((number * scale).rounded(method == "floor" ? .down : .up) / scale)
    default: throw TemplateFailure("\(owner) knows common, floor and ceil, not '\(method)'")
    }
  }
}

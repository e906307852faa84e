/// Python's two ways of putting values into texts, as far as templates use them.
enum PythonFormat {
  /// `format % values`; of the conversions `%s`, `%r`, `%d`, `%i` and `%%`, without widths.
  static func percent(
    _ format: String, _ values: [TemplateValue]
  ) throws(TemplateFailure) -> String {
    var result = ""
    var rest = values[...]
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let conversion = scalars.popFirst()
      if conversion == "%" {
        result += "%"
        continue
      }
      guard let conversion, ["s", "r", "d", "i"].contains(conversion) else {
        throw .unsupported("the conversion '%\(conversion.map(String.init) ?? "")'")
      }
      guard let value = rest.popFirst() else {
        throw TemplateFailure("'\(format)' has more conversions than there are values")
      }
      switch conversion {
      case "s": result += try text(of: value)
      case "r": result += try representation(of: value)
      default:
        guard let integer = value.exactInteger else {
          throw TemplateFailure("'%\(conversion)' takes a whole number, not \(value.kind)")
        }
        result += String(integer)
      }
    }
    guard rest.isEmpty else {
      throw TemplateFailure("'\(format)' has fewer conversions than there are values")
    }
    return result
  }

  /// `format.format(…)` with fields `{}`, `{0}` and `{name}`.
  static func braces(
    _ format: String, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> String {
    var result = ""
    var next = 0
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      if scalars.first == scalar {
        scalars.removeFirst()
        result.unicodeScalars.append(scalar)
        continue
      }
      guard scalar == "{", let end = scalars.firstIndex(of: "}") else {
        throw TemplateFailure("a brace in '\(format)' has no partner", fix: "double it")
      }
      let field = String(scalars[..<end])
      scalars = scalars[scalars.index(after: end)...]
      let value: TemplateValue?
      if field.isEmpty || field.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        let index = Int(field) ?? next
        guard next == 0 || field.isEmpty == (next > 0) else {
          throw TemplateFailure("'\(format)' has fields with and without numbers")
        }
        next = field.isEmpty ? next + 1 : -1
        value =
          arguments.positional.indices.contains(index)
          ? arguments.positional[index] : nil
      } else if field.unicodeScalars.allSatisfy(\.properties.isXIDContinue) {
        value = arguments.named.first { $0.name == field }?.value
      } else {
        throw .unsupported("the format field '{\(field)}'")
      }
      guard let value else { throw TemplateFailure("there is no value for the field '{\(field)}'") }
      result += try text(of: value)
    }
    return result
  }

  /// `str(value)`.
  static func text(of value: TemplateValue) throws(TemplateFailure) -> String {
    if case .text(let text) = value { return text }
    return try representation(of: value)
  }

  private static func representation(of value: TemplateValue) throws(TemplateFailure) -> String {
    if case .undefined(let undefined) = value { throw undefined.failure }
    guard let text = value.representation else {
      throw TemplateFailure("\(value.kind) has no text")
    }
    return text
  }
}

/// The values of a call's arguments.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []

  /// One value per parameter, nil where it was not given.
  ///
  /// - Throws: ``TemplateFailure`` for more arguments, or others, than there are parameters.
  func values(_ parameters: [String], of callee: String) throws(TemplateFailure) -> [TemplateValue?]
  {
    guard positional.count <= parameters.count else {
      throw TemplateFailure("\(callee) takes at most \(parameters.count) arguments")
    }
    var values: [TemplateValue?] = positional
    values += Array(repeating: nil, count: parameters.count - positional.count)
    for argument in named {
      guard let index = parameters.firstIndex(of: argument.name) else {
        throw TemplateFailure("\(callee) has no argument '\(argument.name)'")
      }
      guard values[index] == nil else {
        throw TemplateFailure("\(callee) is given '\(argument.name)' twice")
      }
      values[index] = argument.value
    }
    return values
  }
}

extension TemplateValue {
  /// - Throws: ``TemplateFailure`` that says who wants a text.
  func text(for owner: String) throws(TemplateFailure) -> String {
    if case .text(let text) = self { return text }
    throw TemplateFailure("\(owner) takes a text, not \(kind)")
  }

  func integer(for owner: String) throws(TemplateFailure) -> Int {
    if let value = exactInteger { return value }
    throw TemplateFailure("\(owner) takes a whole number, not \(kind)")
  }
}

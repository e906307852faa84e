public import Documents

extension TemplateFilter {
  /// `tojson` as transformers defines it for chats, and as Jinja does for tasks (keys sorted, ASCII, safe in HTML).
  func json(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> String {
    let value = try interpreter.defined(value)
    guard interpreter.dialect == .chat else {
      let given = try given(arguments, "indent")
      var writer = PythonJSON(isASCII: true, sortsKeys: true)
      writer.indentation = try indentation(given[0])
      return PythonJSON.htmlSafe(try writer.text(of: value))
    }
    let given = try given(arguments, "ensure_ascii", "indent", "separators", "sort_keys")
    var writer = PythonJSON(isASCII: try flag(given[0]), sortsKeys: try flag(given[3]))
    writer.indentation = try indentation(given[1])
    if writer.indentation != nil { writer.itemSeparator = "," }
    if let separators = given[2], separators.representation != "None" {
      let pair = try elements(separators)
      guard pair.count == 2 else { throw TemplateFailure("\(owner) takes two separators") }
      writer.itemSeparator = try pair[0].text(for: owner)
      writer.keySeparator = try pair[1].text(for: owner)
    }
    return try writer.text(of: value)
  }

  private func indentation(_ value: TemplateValue?) throws(TemplateFailure) -> String? {
    switch value {
    case nil, .some(.none): nil
    case .text(let text)?: text
    case let width?: String(repeating: " ", count: min(100, max(0, try width.integer(for: owner))))
    }
  }
}

/// Python's `json.dumps`.
struct PythonJSON {
  let isASCII: Bool
  let sortsKeys: Bool
  /// nil: all on one line.
  var indentation: String?
  var itemSeparator = ", "
  var keySeparator = ": "

  init(isASCII: Bool, sortsKeys: Bool) {
    self.isASCII = isASCII
    self.sortsKeys = sortsKeys
  }

  func text(of value: TemplateValue) throws(TemplateFailure) -> String {
    var text = ""
    try append(value, to: &text, depth: 1)
    return text
  }

  private func append(
    _ value: TemplateValue, to text: inout String, depth: Int
  ) throws(TemplateFailure) {
    switch value {
    case .none: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .integer(let value): text += String(value)
    case .hugeInteger(let literal): text += literal
    case .real(let value):
      text +=
        value.isNaN
        ? "NaN"
        : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : PythonText.number(value)
    case .text(let content): text += quoted(content)
    case .list(let elements), .tuple(let elements):
      try append(elements.count, "[", "]", to: &text, depth: depth) {
        (index, text: inout String) throws(TemplateFailure) in
        try append(elements[index], to: &text, depth: depth + 1)
      }
    case .mapping(let mapping):
      var members: [(key: String, value: TemplateValue)] = []
      for member in mapping.members { members.append((try key(member.key), member.value)) }
      if sortsKeys { members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
      try append(members.count, "{", "}", to: &text, depth: depth) {
        (index, text: inout String) throws(TemplateFailure) in
        text += quoted(members[index].key) + keySeparator
        try append(members[index].value, to: &text, depth: depth + 1)
      }
    default: throw TemplateFailure("\(value.kind) can not be written as JSON")
    }
  }

  private func append(
    _ count: Int, _ opening: String, _ closing: String, to text: inout String, depth: Int,
    _ element: (Int, inout String) throws(TemplateFailure) -> Void
  ) throws(TemplateFailure) {
    text += opening
    for index in 0..<count {
      if index > 0 {
        // A line end takes the place of the separator's space.
        text += indentation == nil || itemSeparator != ", " ? itemSeparator : ","
      }
      if let indentation { text += "\n" + String(repeating: indentation, count: depth) }
      try element(index, &text)
    }
    if let indentation, count > 0 {
      text += "\n" + String(repeating: indentation, count: depth - 1)
    }
    text += closing
  }

  private func key(_ value: TemplateValue) throws(TemplateFailure) -> String {
    switch value {
    case .text(let text): text
    case .none: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .integer, .real: value.representation ?? ""
    default: throw TemplateFailure("\(value.kind) can not be a key in JSON")
    }
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      default:
        if scalar.value < 0x20 || (isASCII && scalar.value > 0x7E) {
          for unit in String(scalar).utf16 { result += Self.escaped(unit) }
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  private static func escaped(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// Without `<`, `>`, `&` and `'`.
  static func htmlSafe(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if "<>&'".unicodeScalars.contains(scalar) {
        result += escaped(UInt16(scalar.value))
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension PythonText {
  /// `json.dumps(value, indent=2, ensure_ascii=False)`.
  public static func indentedJSON(_ value: JSONValue) -> String {
    var writer = PythonJSON(isASCII: false, sortsKeys: false)
    writer.indentation = "  "
    writer.itemSeparator = ","
    // Every JSON value can be written.
    return (try? writer.text(of: TemplateValue(value))) ?? ""
  }
}

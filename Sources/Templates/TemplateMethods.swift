/// The methods of Python's texts, lists and dictionaries that templates may call.
enum TemplateMethods {
  /// Whether Python has an attribute of this name, so that it hides a key of the same name.
  static func exists(_ name: String, of value: TemplateValue) -> Bool {
    switch value {
    case .text: textMethods.contains(name)
    case .list: listMethods.contains(name)
    case .tuple: ["count", "index"].contains(name)
    case .mapping: mappingMethods.contains(name)
    default: false
    }
  }

  private static let textMethods: Set<String> = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find",
    "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit",
    "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join",
    "ljust", "lower", "lstrip", "maketrans", "partition", "removeprefix", "removesuffix", "replace",
    "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
  ]
  private static let listMethods: Set<String> = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
    "sort",
  ]
  private static let mappingMethods: Set<String> = [
    "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
  ]

  static func call(
    _ name: String, of receiver: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch receiver {
    case .text(let text): try textMethod(name, text, arguments)
    case .list(let elements), .tuple(let elements): try listMethod(name, elements, arguments)
    case .mapping(let mapping): try mappingMethod(name, mapping, arguments)
    case .loop(let loop): try loopMethod(name, loop, arguments)
    default: throw TemplateFailure("\(receiver.kind) has no method '\(name)'")
    }
  }

  // MARK: Texts

  private static func textMethod(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    func values(_ parameters: String...) throws(TemplateFailure) -> [TemplateValue?] {
      try arguments.values(parameters, of: "'\(name)'")
    }
    func optionalText(_ value: TemplateValue?) throws(TemplateFailure) -> String? {
      guard let value else { return nil }
      if case .none = value { return nil }
      return try value.text(for: "'\(name)'")
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let characters = try optionalText(try values("chars")[0])
      return .text(
        PythonText.stripped(
          text, of: characters, left: name != "rstrip", right: name != "lstrip"))
    case "upper", "lower", "title", "capitalize", "swapcase":
      _ = try values()
      return .text(Self.cases[name]?(text) ?? text)
    case "split", "rsplit":
      let given = try values("sep", "maxsplit")
      let limit = try given[1]?.integer(for: "'\(name)'") ?? -1
      guard let separator = try optionalText(given[0]) else {
        guard name == "split" || limit < 0 else { throw .unsupported("'rsplit' without separator") }
        return .list(PythonText.words(text, limit: limit).map(TemplateValue.text))
      }
      guard !separator.isEmpty else { throw TemplateFailure("'\(name)' by an empty text") }
      let parts =
        name == "split"
        ? PythonText.split(text, by: separator, limit: limit)
        : PythonText.splitFromEnd(text, by: separator, limit: limit)
      return .list(parts.map(TemplateValue.text))
    case "splitlines":
      let keep = try values("keepends")[0].map(TemplateOperators.isTrue) ?? false
      return .list(PythonText.lines(text, keepEnds: keep).map(TemplateValue.text))
    case "replace":
      let given = try values("old", "new", "count")
      return .text(
        PythonText.replacing(
          try required(given[0], name).text(for: "'replace'"),
          with: try required(given[1], name).text(for: "'replace'"), in: text,
          limit: try given[2]?.integer(for: "'replace'") ?? -1))
    case "startswith", "endswith":
      return .bool(
        try hasEnd(text, required(values("part")[0], name), atStart: name == "startswith"))
    case "removeprefix", "removesuffix":
      let part = try required(values("part")[0], name).text(for: "'\(name)'")
      let isPrefix = name == "removeprefix"
      guard !part.isEmpty, try hasEnd(text, .text(part), atStart: isPrefix) else {
        return .text(text)
      }
      let rest =
        isPrefix ? text.utf8.dropFirst(part.utf8.count) : text.utf8.dropLast(part.utf8.count)
      return .text(String(decoding: rest, as: UTF8.self))
    case "find", "rfind", "index", "rindex":
      let part = try required(values("part")[0], name).text(for: "'\(name)'")
      let position = position(of: part, in: text, last: name.hasPrefix("r"))
      if position < 0, name.hasSuffix("index") {
        throw TemplateFailure("'\(part)' is not in '\(text)'")
      }
      return .integer(position)
    case "count":
      let part = try required(values("part")[0], name).text(for: "'count'")
      return .integer(
        part.isEmpty
          ? text.unicodeScalars.count + 1 : PythonText.split(text, by: part).count - 1)
    case "partition", "rpartition":
      let separator = try required(values("sep")[0], name).text(for: "'\(name)'")
      guard !separator.isEmpty else { throw TemplateFailure("'\(name)' by an empty text") }
      let parts =
        name == "partition"
        ? PythonText.split(text, by: separator, limit: 1)
        : PythonText.splitFromEnd(text, by: separator, limit: 1)
      if parts.count == 2 { return .tuple([.text(parts[0]), .text(separator), .text(parts[1])]) }
      let whole: [TemplateValue] =
        name == "partition"
        ? [.text(text), .text(""), .text("")] : [.text(""), .text(""), .text(text)]
      return .tuple(whole)
    case "join":
      let elements = try TemplateOperators.elements(of: required(values("iterable")[0], name))
      var parts: [String] = []
      for element in elements { parts.append(try element.text(for: "'join'")) }
      return .text(parts.joined(separator: text))
    case "format": return .text(try PythonFormat.braces(text, arguments))
    case "zfill", "ljust", "rjust":
      return .text(try padded(text, name, values("width", "fill")))
    case "islower", "isupper":
      return .bool(PythonText.isCased(text, upper: name == "isupper"))
    default:
      guard let test = characterTests[name] else {
        throw .unsupported("the method '\(name)' of texts")
      }
      _ = try values()
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(test))
    }
  }

  private static let cases: [String: @Sendable (String) -> String] = [
    "upper": PythonText.upper, "lower": PythonText.lower, "title": PythonText.titled,
    "capitalize": PythonText.capitalized, "swapcase": PythonText.swapped,
  ]

  private static let characterTests: [String: @Sendable (Unicode.Scalar) -> Bool] = [
    "isspace": PythonText.isWhitespace,
    "isalpha": isLetter,
    "isdigit": { $0.properties.numericType == .decimal || $0.properties.numericType == .digit },
    "isdecimal": { $0.properties.numericType == .decimal },
    "isnumeric": { $0.properties.numericType != nil },
    "isalnum": { isLetter($0) || $0.properties.numericType != nil },
  ]

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private static func hasEnd(
    _ text: String, _ part: TemplateValue, atStart: Bool
  ) throws(TemplateFailure) -> Bool {
    let parts: [TemplateValue] = if case .tuple(let parts) = part { parts } else { [part] }
    for part in parts {
      let part = try part.text(for: atStart ? "'startswith'" : "'endswith'").utf8
      if atStart ? text.utf8.starts(with: part) : text.utf8.suffix(part.count).elementsEqual(part) {
        return true
      }
    }
    return false
  }

  /// In characters; −1 if there is none.
  private static func position(of part: String, in text: String, last: Bool) -> Int {
    let bytes = Array(text.utf8)
    var found = PythonText.range(of: part, in: bytes)
    while last, let match = found,
      let next = PythonText.range(of: part, in: bytes, from: match.lowerBound + 1)
    {
      found = next
    }
    guard let found else { return -1 }
    return String(decoding: bytes[..<found.lowerBound], as: UTF8.self).unicodeScalars.count
  }

  private static func padded(
    _ text: String, _ name: String, _ given: [TemplateValue?]
  ) throws(TemplateFailure) -> String {
    let width = try required(given[0], name).integer(for: "'\(name)'")
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    guard missing < 1_000_000 else { throw TemplateFailure("'\(name)' to \(width) characters") }
    let fill = name == "zfill" ? "0" : try given[1]?.text(for: "'\(name)'") ?? " "
    let padding = String(repeating: fill, count: missing)
    if name == "ljust" { return text + padding }
    if name == "zfill", let sign = text.first, sign == "-" || sign == "+" {
      return String(sign) + padding + text.dropFirst()
    }
    return padding + text
  }

  private static func required(
    _ value: TemplateValue?, _ name: String
  ) throws(TemplateFailure) -> TemplateValue {
    guard let value else { throw TemplateFailure("'\(name)' lacks an argument") }
    return value
  }

  // MARK: Lists and mappings

  private static func listMethod(
    _ name: String, _ elements: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch name {
    case "index":
      let value = try required(arguments.values(["value"], of: "'index'")[0], name)
      guard let index = elements.firstIndex(where: { $0.equals(value) }) else {
        throw TemplateFailure("\(value.representation ?? value.kind) is not in the list")
      }
      return .integer(index)
    case "count":
      let value = try required(arguments.values(["value"], of: "'count'")[0], name)
      return .integer(elements.count { $0.equals(value) })
    case "copy":
      return .list(elements)
    default:
      throw .unsupported("the method '\(name)' of lists")
    }
  }

  private static func mappingMethod(
    _ name: String, _ mapping: TemplateMapping, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    switch name {
    case "items":
      return .iterator(mapping.members.map { .tuple([$0.key, $0.value]) }, isGenerator: false)
    case "keys": return .iterator(mapping.members.map(\.key), isGenerator: false)
    case "values": return .iterator(mapping.members.map(\.value), isGenerator: false)
    case "get":
      let given = try arguments.values(["key", "default"], of: "'get'")
      return try mapping[required(given[0], name)] ?? given[1] ?? .none
    case "copy": return .mapping(mapping)
    default: throw .unsupported("the method '\(name)' of mappings")
    }
  }

  private static func loopMethod(
    _ name: String, _ loop: TemplateLoop, _ arguments: TemplateArguments
  ) throws(TemplateFailure) -> TemplateValue {
    guard name == "cycle" else { throw .unsupported("the method '\(name)' of 'loop'") }
    guard !arguments.positional.isEmpty else { throw TemplateFailure("'cycle' lacks values") }
    return arguments.positional[loop.index % arguments.positional.count]
  }
}

import Diagnostics
import Documents

/// Reads typed values out of a `config.json`; every error names the file and the key.
struct ConfigurationReader {
  /// The language model's object: the document itself, or its `text_config`.
  let document: JSONValue
  /// Path of the file, and inside it of the object.
  let location: String

  func location(of key: String) -> String { "\(location): \(key)" }

  /// The value of a key; nil if it is missing or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = document[key], !value.isNull else { return nil }
    return value
  }

  /// The object under a key; nil if it is missing or null.
  func object(_ key: String) throws(Diagnostic) -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard value.members != nil else { throw illTyped(key, value, "an object") }
    return ConfigurationReader(document: value, location: location(of: key))
  }

  /// A whole number within `range`; nil if it is missing or null.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(Diagnostic) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.integer else { throw illTyped(key, value, "a whole number") }
    guard range.contains(number) else {
      throw Diagnostic(
        "\(number) is outside of \(range.lowerBound)...\(range.upperBound)", at: location(of: key),
        fix: "correct the value, or download the file again")
    }
    return number
  }

  /// A whole number within `range` that must be there.
  func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws(Diagnostic) -> Int {
    guard let number = try integer(key, in: range) else { throw missing(key, "a whole number") }
    return number
  }

  /// A finite number; nil if it is missing or null.
  func number(_ key: String) throws(Diagnostic) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number.isFinite else { throw illTyped(key, value, "a number") }
    return number
  }

  /// A finite number above zero; nil if it is missing or null.
  func positiveNumber(_ key: String) throws(Diagnostic) -> Double? {
    guard let number = try number(key) else { return nil }
    guard number > 0 else {
      throw Diagnostic(
        "\(number) is not above 0", at: location(of: key),
        fix: "correct the value, or download the file again")
    }
    return number
  }

  func bool(_ key: String) throws(Diagnostic) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.bool else { throw illTyped(key, value, "true or false") }
    return flag
  }

  func string(_ key: String) throws(Diagnostic) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw illTyped(key, value, "a string") }
    return text
  }

  func strings(_ key: String) throws(Diagnostic) -> [String]? {
    guard let value = value(key) else { return nil }
    guard let values = value.array else { throw illTyped(key, value, "a list of strings") }
    var strings: [String] = []
    for element in values {
      guard let text = element.string else { throw illTyped(key, element, "a list of strings") }
      strings.append(text)
    }
    return strings
  }

  func numbers(_ key: String) throws(Diagnostic) -> [Double]? {
    guard let value = value(key) else { return nil }
    guard let values = value.array else { throw illTyped(key, value, "a list of numbers") }
    var numbers: [Double] = []
    for element in values {
      guard let number = element.double, number.isFinite else {
        throw illTyped(key, element, "a list of numbers")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Whether a choice is made: by the family, or by the value of a key.
  func flag(_ flag: Architecture.Flag) throws(Diagnostic) -> Bool {
    switch flag {
    case .always: return true
    case .key(let key, let ifMissing): return try bool(key) ?? ifMissing
    }
  }

  func missing(_ key: String, _ kind: String) -> Diagnostic {
    Diagnostic(
      "the key is missing", at: location(of: key),
      fix: "add \(kind), or take the file from the original model")
  }

  private func illTyped(_ key: String, _ value: JSONValue, _ kind: String) -> Diagnostic {
    Diagnostic(
      "\(Self.sketch(of: value)) is not \(kind)", at: location(of: key),
      fix: "write \(kind), as in the original model's file")
  }

  private static func sketch(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): String(flag)
    case .number(let text): String(text.prefix(40))
    case .string(let text): "'\(text.prefix(40))'"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// A YAML scalar with the type that YAML 1.1 gives it, as PyYAML (and so mergekit) reads it.
///
/// A float needs a dot and a signed exponent: `1.0e-05` is one, `1e-5` and `1.0e5` are text. `yes`,
/// `no`, `on` and `off` are booleans, `010` is eight, `1:30` is ninety. Dates stay text.
/// Reference: <https://yaml.org/type/>; PyYAML 6.0, resolver.py and constructor.py.
public struct YAMLScalar: Sendable, Hashable {
  public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string
  }

  /// The text with quotes and escapes undone.
  public let text: String
  /// Decided by the text, unless quotes or a tag decide.
  public let resolved: Value

  init(text: String, resolved: Value) {
    self.text = text
    self.resolved = resolved
  }

  /// A scalar without quotes and tag.
  public init(plain text: String) { self.init(text: text, resolved: Self.resolve(text)) }

  /// A scalar that is text whatever it looks like.
  public init(quoted text: String) { self.init(text: text, resolved: .string) }

  /// The number that the scalar is or, being text, spells; nil for all else, may be infinite or NaN.
  public var double: Double? {
    switch resolved {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .string: Self.spelledNumber(text)
    case .bool, .null: nil
    }
  }

  /// The whole number that the scalar is or, being text, spells.
  public var integer: Int? {
    switch resolved {
    case .integer(let value): value
    case .real(let value): Int(exactly: value)
    case .string: Self.spelledInteger(text)
    case .bool, .null: nil
    }
  }

  /// The boolean that the scalar is, or spells as pydantic accepts it.
  public var bool: Bool? {
    switch resolved {
    case .bool(let value): value
    case .integer(0): false
    case .integer(1): true
    case .string: Self.spelledBool(text)
    case .integer, .real, .null: nil
    }
  }
}

extension YAMLScalar {
  static func resolve(_ text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
    case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first, first < 0x3A, first >= 0x2B else { return .string }
    return number(Array(text.utf8)) ?? .string
  }

  /// The number that YAML 1.1 sees in a plain scalar.
  private static func number(_ text: [UInt8]) -> Value? {
    var digits = text[...]
    var isNegative = false
    var isSigned = false
    if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      isSigned = true
      digits = digits.dropFirst()
    }
    if let special = special(digits, isSigned: isSigned, isNegative: isNegative) { return special }
    if let whole = whole(digits) {
      guard let magnitude = whole else { return wideInteger(digits, isNegative: isNegative) }
      return .integer(isNegative ? -magnitude : magnitude)
    }
    guard let magnitude = real(digits, isSigned: isSigned) else { return nil }
    return .real(isNegative ? -magnitude : magnitude)
  }

  private static func special(
    _ digits: ArraySlice<UInt8>, isSigned: Bool, isNegative: Bool
  ) -> Value? {
    switch String(decoding: digits, as: UTF8.self) {
    case ".inf", ".Inf", ".INF": .real(isNegative ? -.infinity : .infinity)
    case ".nan", ".NaN", ".NAN": isSigned ? nil : .real(.nan)
    default: nil
    }
  }

  /// An unsigned YAML 1.1 integer: nil if it is none, `.some(nil)` if it does not fit in `Int`.
  private static func whole(_ digits: ArraySlice<UInt8>) -> Int?? {
    guard let first = digits.first, first.isDigit else { return nil }
    let rest = digits.dropFirst()
    if first == UInt8(ascii: "0"), let prefix = rest.first {
      switch prefix {
      case UInt8(ascii: "b"): return value(of: rest.dropFirst(), radix: 2)
      case UInt8(ascii: "x"): return value(of: rest.dropFirst(), radix: 16)
      default:
        let isZero = rest.allSatisfy { $0 == UInt8(ascii: "_") }
        return isZero ? .some(0) : value(of: rest, radix: 8)
      }
    }
    if digits.contains(UInt8(ascii: ":")) {
      guard first != UInt8(ascii: "0") else { return nil }
      return sexagesimal(digits)
    }
    return value(of: digits, radix: 10)
  }

  private static func value(of digits: ArraySlice<UInt8>, radix: Int) -> Int?? {
    guard !digits.isEmpty else { return nil }
    var total: Int? = 0
    var hasDigit = false
    for byte in digits where byte != UInt8(ascii: "_") {
      guard let digit = byte.hexadecimalValue, digit < radix else { return nil }
      hasDigit = true
      let (product, overflows) = (total ?? 0).multipliedReportingOverflow(by: radix)
      let (sum, carries) = product.addingReportingOverflow(digit)
      total = total == nil || overflows || carries ? nil : sum
    }
    return hasDigit ? .some(total) : nil
  }

  private static func sexagesimal(_ digits: ArraySlice<UInt8>) -> Int?? {
    let parts = digits.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard let head = parts.first, let leading = value(of: head, radix: 10) else { return nil }
    var total: Int? = leading
    for part in parts.dropFirst() {
      guard let digit = base60Digit(part) else { return nil }
      let (product, overflows) = (total ?? 0).multipliedReportingOverflow(by: 60)
      let (sum, carries) = product.addingReportingOverflow(digit)
      total = total == nil || overflows || carries ? nil : sum
    }
    return .some(total)
  }

  private static func base60Digit(_ part: ArraySlice<UInt8>) -> Int? {
    guard part.count == 1 || part.count == 2, part.allSatisfy(\.isDigit) else { return nil }
    let value = part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return value < 60 ? value : nil
  }

  /// Python's integers have no bound; beyond `Int` only the value as a real is of use.
  private static func wideInteger(_ digits: ArraySlice<UInt8>, isNegative: Bool) -> Value {
    let plain = digits.filter { $0 != UInt8(ascii: "_") }
    guard let magnitude = Double(String(decoding: plain, as: UTF8.self)) else { return .string }
    return .real(isNegative ? -magnitude : magnitude)
  }

  /// `12.`, `12.5e-3`, `.5` and base 60 with a fraction; the exponent needs a sign.
  private static func real(_ digits: ArraySlice<UInt8>, isSigned: Bool) -> Double? {
    guard let point = digits.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    let head = digits[..<point]
    var tail = digits[(point + 1)...]
    if head.contains(UInt8(ascii: ":")) {
      guard tail.allSatisfy(\.isDigitOrUnderscore), let whole = sexagesimal(head), let whole
      else { return nil }
      return Double(whole) + (decimal("0", tail, exponent: []) ?? 0)
    }
    var exponent: ArraySlice<UInt8> = []
    if let mark = tail.firstIndex(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }) {
      exponent = tail[(mark + 1)...]
      tail = tail[..<mark]
      guard let sign = exponent.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+"),
        exponent.count > 1, exponent.dropFirst().allSatisfy(\.isDigit)
      else { return nil }
    }
    guard tail.allSatisfy(\.isDigitOrUnderscore) else { return nil }
    if head.isEmpty {
      guard !isSigned, tail.first?.isDigit == true else { return nil }
      return decimal("0", tail, exponent: exponent)
    }
    guard head.first?.isDigit == true, head.allSatisfy(\.isDigitOrUnderscore) else { return nil }
    return decimal(String(decoding: head, as: UTF8.self), tail, exponent: exponent)
  }

  private static func decimal(
    _ head: String, _ tail: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>
  ) -> Double? {
    var text = head + "." + String(decoding: tail, as: UTF8.self)
    text.removeAll { $0 == "_" }
    if text.hasSuffix(".") { text += "0" }
    if !exponent.isEmpty { text += "e" + String(decoding: exponent, as: UTF8.self) }
    return Double(text)
  }
}

extension YAMLScalar {
  /// Text as Python's `float` reads it, without digits outside of ASCII.
  private static func spelledNumber(_ text: String) -> Double? {
    let trimmed = trimmed(text)
    let unsigned = trimmed.drop { $0 == "+" || $0 == "-" }
    guard let first = unsigned.utf8.first, trimmed.count - unsigned.count <= 1 else { return nil }
    switch unsigned.lowercased() {
    case "inf", "infinity": return trimmed.hasPrefix("-") ? -.infinity : .infinity
    case "nan": return .nan
    default: break
    }
    let isDecimal = unsigned.utf8.allSatisfy {
      $0.isDigitOrUnderscore || ".eE+-".utf8.contains($0)
    }
    guard isDecimal, first != UInt8(ascii: "_"), !unsigned.hasSuffix("_"),
      !unsigned.contains("__"), unsigned.utf8.contains(where: \.isDigit)
    else { return nil }
    var digits = trimmed.filter { $0 != "_" }
    if digits.hasSuffix(".") { digits += "0" }
    return Double(digits.replacing(".e", with: ".0e").replacing(".E", with: ".0E"))
  }

  private static func spelledInteger(_ text: String) -> Int? {
    let digits = String(trimmed(text))
    return Int(digits) ?? spelledNumber(digits).flatMap(Int.init(exactly:))
  }

  private static func spelledBool(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on", "y", "t", "1": true
    case "false", "no", "off", "n", "f", "0": false
    default: nil
    }
  }

  private static func trimmed(_ text: String) -> Substring {
    var slice = text[...]
    while slice.first?.isWhitespace == true { slice.removeFirst() }
    while slice.last?.isWhitespace == true { slice.removeLast() }
    return slice
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }

  fileprivate var isDigitOrUnderscore: Bool { isDigit || self == UInt8(ascii: "_") }

  fileprivate var hexadecimalValue: Int? {
    switch self {
    case 0x30...0x39: Int(self) - 0x30
    case 0x41...0x46: Int(self) - 0x41 + 10
    case 0x61...0x66: Int(self) - 0x61 + 10
    default: nil
    }
  }
}

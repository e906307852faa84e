public import Documents

/// How Python prints values and sees white space: task files are written for it.
public enum PythonText {
  /// Whether `str.isspace` holds, which is also `\s` of Python's `re` and what `str.strip` removes.
  ///
  /// Unicode's White_Space property lacks U+001C–001F.
  public static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  /// `str.strip()`.
  public static func stripped(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isWhitespace($0) }),
      let last = scalars.lastIndex(where: { !isWhitespace($0) })
    else { return "" }
    return String(scalars[first...last])
  }

  /// The longest suffix of white space cut off: what remains, then the suffix.
  public static func splitTrailingWhitespace(_ text: String) -> (head: String, whitespace: String) {
    let scalars = text.unicodeScalars
    let end =
      scalars.lastIndex { !isWhitespace($0) }.map { scalars.index(after: $0) }
      ?? scalars.startIndex
    return (String(scalars[..<end]), String(scalars[end...]))
  }

  /// `str(value)`: texts as they are, `True`, `None`, `0.1`, `['a', 'b']`.
  public static func string(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return representation(value)
  }

  /// `repr(value)`.
  public static func representation(_ value: JSONValue) -> String {
    switch value {
    case .null: "None"
    case .bool(let flag): flag ? "True" : "False"
    case .number(let literal): number(literal)
    case .string(let text): quoted(text)
    case .array(let elements): "[" + elements.map(representation).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + uniqued(members)
        .map { quoted($0.key) + ": " + representation($0.value) }
        .joined(separator: ", ") + "}"
    }
  }

  /// A JSON number as Python reads and prints it: `3` stays `3`, `3.0` stays `3.0`, `1e5` is `100000.0`.
  static func number(_ literal: String) -> String {
    guard literal.utf8.contains(where: { $0 == 0x2E || $0 | 0x20 == 0x65 }) else {
      return literal == "-0" ? "0" : literal
    }
    return Double(literal).map(number) ?? literal
  }

  /// `repr` of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    let sign = value.sign == .minus ? "-" : ""
    if value.isInfinite { return sign + "inf" }
    if value == 0 { return sign + "0.0" }
    let (digits, exponent) = shortestDigits(value.magnitude)
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let power = String(exponent.magnitude)
      return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
        + (power.count < 2 ? "0" : "") + power
    }
    if exponent < 0 {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
    }
    if digits.count <= exponent + 1 {
      return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
  }

  /// The significant digits of a positive number and the decimal exponent of the first one.
  private static func shortestDigits(_ value: Double) -> (digits: String, exponent: Int) {
    let parts = value.description.split(separator: "e", maxSplits: 1)
    let mantissa = parts[0].split(separator: ".", maxSplits: 1)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leading))
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return (digits, whole.count - 1 - leading + power)
  }

  /// `repr` of a text.
  static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView()
    result.append(quote)
    for scalar in scalars {
      switch scalar {
      case quote, "\\": result.append(contentsOf: ["\\", scalar])
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      default:
        if isPrintable(scalar) {
          result.append(scalar)
        } else {
          result.append(contentsOf: escaped(scalar).unicodeScalars)
        }
      }
    }
    result.append(quote)
    return String(result)
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    let (prefix, width) =
      scalar.value <= 0xFF ? ("\\x", 2) : scalar.value <= 0xFFFF ? ("\\u", 4) : ("\\U", 8)
    let digits = String(scalar.value, radix: 16)
    return prefix + String(repeating: "0", count: width - digits.count) + digits
  }

  /// `str.isprintable` of one character.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// A Python dictionary keeps the place of a key's first occurrence and the value of its last.
  private static func uniqued(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
    var result: [JSONValue.Member] = []
    for member in members {
      if let index = result.firstIndex(where: { $0.key.utf8.elementsEqual(member.key.utf8) }) {
        result[index].value = member.value
      } else {
        result.append(member)
      }
    }
    return result
  }
}

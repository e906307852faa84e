/// Scalars as text that YAML 1.1 and YAML 1.2 readers alike read back exactly.
public enum YAMLLiteral {
  /// The shortest decimal that reads back as `value`, with the dot that YAML 1.1 wants: `1.0e-05`.
  /// - Precondition: `value` is finite.
  public static func number(_ value: Double) -> String {
    precondition(value.isFinite, "\(value) has no place in a document")
    let text = value.description
    guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else {
      return text
    }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// The text without quotes where every reader takes it for text, else in double quotes.
  public static func string(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  private static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first,
      isWord(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "."),
      bytes.allSatisfy({ isWord($0) || "/.-+@=~".utf8.contains($0) }),
      !text.hasPrefix("..."), text != "y", text != "n", text != "Y", text != "N",
      YAMLScalar(plain: text).resolved == .string, YAMLScalar(quoted: text).double == nil
    else { return false }
    return !looksLikeDate(bytes)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
    default: false
    }
  }

  /// YAML 1.1 turns `2024-01-31` into a timestamp.
  private static func looksLikeDate(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 8 && bytes.prefix(4).allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      && bytes[4] == UInt8(ascii: "-")
  }

  private static func quoted(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\t": output += "\\t"
      case "\r": output += "\\r"
      case " "..."~", "\u{A1}"..."\u{D7FF}":
        if scalar == "\u{2028}" || scalar == "\u{2029}" {
          output += escape(scalar)
        } else {
          output.unicodeScalars.append(scalar)
        }
      default: output += escape(scalar)
      }
    }
    return output + "\""
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let (letter, width) =
      scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
    return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
  }
}

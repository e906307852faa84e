import Foundation

/// How Python reads and rounds numbers.
enum PythonNumber {
  /// `int(text)`; nil where it raises.
  static func integer(_ text: String) -> TemplateValue? {
    guard let digits = plain(text) else { return nil }
    var rest = digits[...]
    let sign = rest.first == "-" || rest.first == "+" ? rest.removeFirst() : "+"
    guard !rest.isEmpty, rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    var significant = rest.drop { $0 == "0" }
    if significant.isEmpty { significant = "0" }
    let literal = (sign == "-" && significant != "0" ? "-" : "") + significant
    return Int(literal).map(TemplateValue.integer) ?? .hugeInteger(literal)
  }

  /// `float(text)`; nil where it raises.
  static func real(_ text: String) -> Double? {
    guard let plain = plain(text) else { return nil }
    switch plain.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan", "+nan", "-nan": return .nan
    default:
      guard plain.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
      var spelled = plain
      if spelled.hasPrefix("+") { spelled.removeFirst() }
      return Double(spelled)
    }
  }

  /// Without white space around it and `_` between digits; nil for a misplaced `_`.
  private static func plain(_ text: String) -> String? {
    let scalars = Array(PythonText.stripped(text).unicodeScalars)
    var result: [Unicode.Scalar] = []
    for (index, scalar) in scalars.enumerated() {
      guard scalar == "_" else {
        result.append(scalar)
        continue
      }
      let neighbours = [index - 1, index + 1]
      guard
        neighbours.allSatisfy({ scalars.indices.contains($0) && ("0"..."9").contains(scalars[$0]) })
      else { return nil }
    }
    return PythonText.string(result)
  }

  /// `round(value, places)`: of the exact binary value, halves to even.
  static func rounded(_ value: Double, places: Int) -> Double {
    guard value.isFinite else { return value }
    return Double(String(format: "%.\(places)f", value)) ?? value
  }
}

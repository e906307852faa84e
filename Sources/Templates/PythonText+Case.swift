extension PythonText {
  /// `str.upper()`.
  public static func upper(_ text: String) -> String {
    text.unicodeScalars.map(\.properties.uppercaseMapping).joined()
  }

  /// `str.lower()`, with the sigma that ends a word.
  public static func lower(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for index in scalars.indices { result += lower(scalars, at: index) }
    return result
  }

  private static func lower(_ scalars: [Unicode.Scalar], at index: Int) -> String {
    guard scalars[index] == "Σ" else { return scalars[index].properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    let ends =
      before?.properties.isCased ?? false && !(after?.properties.isCased ?? false)
    return ends ? "ς" : "σ"
  }

  /// `str.capitalize()`.
  static func capitalized(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = scalars.first?.properties.titlecaseMapping ?? ""
    for index in scalars.indices.dropFirst() { result += lower(scalars, at: index) }
    return result
  }

  /// `str.title()`: every letter that follows none begins a word.
  static func titled(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    var isInside = false
    for (index, scalar) in scalars.enumerated() {
      result += isInside ? lower(scalars, at: index) : scalar.properties.titlecaseMapping
      isInside = scalar.properties.isCased
    }
    return result
  }

  /// `str.swapcase()`.
  static func swapped(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      if scalar.properties.isUppercase {
        result += lower(scalars, at: index)
      } else if scalar.properties.isLowercase {
        result += scalar.properties.uppercaseMapping
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `str.isupper()` (or `islower`): there is a letter with case, and all of them have this one.
  static func isCased(_ text: String, upper: Bool) -> Bool {
    var isCased = false
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      if upper
        ? properties.isLowercase || properties.generalCategory == .titlecaseLetter
        : properties.isUppercase || properties.generalCategory == .titlecaseLetter
      {
        return false
      }
      isCased = isCased || (upper ? properties.isUppercase : properties.isLowercase)
    }
    return isCased
  }
}

/// What word patterns ask of a scalar: `\p{L}`, `\p{N}`, `\s`, a line break, or none of these.
enum ScalarClass: UInt8, Sendable {
  case letter, number, whiteSpace, lineBreak, other

  init(_ scalar: Unicode.Scalar) {
    let code = Int(scalar.value)
    self = code < Self.table.count ? Self.table[code] : Self(properties: scalar)
  }

  /// Scripts in daily use except ideographs, which are looked up.
  private static let table: [ScalarClass] = (0..<0x3100).map { (code: UInt32) in
    Unicode.Scalar(code).map(ScalarClass.init(properties:)) ?? .other
  }

  private init(properties scalar: Unicode.Scalar) {
    if scalar == "\n" || scalar == "\r" {
      self = .lineBreak
    } else if scalar.isWhiteSpace {
      self = .whiteSpace
    } else {
      self =
        switch scalar.category {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
          .letter
        case .decimalNumber, .letterNumber, .otherNumber:
          .number
        default:
          .other
        }
    }
  }
}

extension Unicode.Scalar {
  /// General category in Unicode 16, the version of the reference's regex engines; the standard
  /// library may know later scalars.
  var category: Unicode.GeneralCategory { category(in: 16) }

  /// General category as far as the scalar was assigned in a version of Unicode.
  private func category(in version: Int) -> Unicode.GeneralCategory {
    guard let age = properties.age, age.major <= version else { return .unassigned }
    return properties.generalCategory
  }

  /// The Unicode property White_Space: 25 scalars.
  var isWhiteSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// `\w` of Unicode regular expressions (UTS #18, annex C).
  var isWordCharacter: Bool {
    switch category {
    case .unassigned: false
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }

  /// Categories Nd, Nl and No.
  var isNumeric: Bool {
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  /// Categories M* in Unicode 9, the version of the reference's table.
  var isMark: Bool {
    switch value {
    case 0x1CF2, 0x1CF3: return true  // letters since Unicode 12
    case 0x111C9: return false  // a mark since Unicode 11
    default: break
    }
    switch category(in: 9) {
    case .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }

  /// ASCII punctuation and symbols, and the categories P* in Unicode 8, the version of the reference's
  /// table.
  var isPunctuation: Bool {
    switch value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    case ..<0x80: return false
    case 0x166D, 0x111C9: return true  // a symbol and a mark in later versions
    default: break
    }
    switch category(in: 8) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }
}

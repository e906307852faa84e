import Foundation

/// Full decompositions of single scalars in Unicode 9, other than Hangul syllables.
///
/// Unicode 9 is the version of the reference's tables: it leaves later scalars as they are. Foundation knows the mappings; it does not always put the marks of a longer text in order, so
/// ordering and composition are ours.
struct DecompositionTable: Sendable {
  static let canonical = DecompositionTable { $0.decomposedStringWithCanonicalMapping }
  static let compatibility = DecompositionTable { $0.decomposedStringWithCompatibilityMapping }

  /// Blocks with scalars that decompose.
  private static let blocks: [ClosedRange<UInt32>] = [
    0xA0...0x33FF, 0xA640...0xABFF, 0xF900...0xFFFF, 0x11000...0x115FF, 0x1D100...0x1D7FF,
    0x1EE00...0x1EEFF, 0x1F100...0x1F2FF, 0x2F800...0x2FA1F,
  ]

  private var mappings: [UInt32: [Unicode.Scalar]] = [:]

  private init(_ decompose: (String) -> String) {
    for code in Self.blocks.joined() {
      guard let scalar = Unicode.Scalar(code), let age = scalar.properties.age, age.major <= 9
      else { continue }
      let mapping = Array(decompose(String(scalar)).unicodeScalars)
      if mapping != [scalar] { mappings[code] = mapping }
    }
  }

  subscript(scalar: Unicode.Scalar) -> [Unicode.Scalar]? { mappings[scalar.value] }

  /// All scalars that decompose.
  var scalars: [Unicode.Scalar] { mappings.keys.sorted().compactMap { Unicode.Scalar($0) } }
}

/// The primary composites: which pair of scalars makes which scalar.
struct CompositionTable: Sendable {
  static let shared = CompositionTable()

  private var composites: [UInt64: Unicode.Scalar] = [:]

  private init() {
    let canonical = DecompositionTable.canonical
    let mappings = canonical.scalars.filter { !$0.properties.isFullCompositionExclusion }
      .compactMap { scalar in canonical[scalar].map { (scalar, $0) } }
      .sorted { $0.1.count < $1.1.count }
    // A composite is made of its last mark and what the scalars before compose to.
    for (scalar, mapping) in mappings {
      var first = mapping[0]
      for next in mapping.dropFirst().dropLast() { first = self[first, next] ?? first }
      composites[Self.key(first, mapping[mapping.count - 1])] = scalar
    }
  }

  subscript(first: Unicode.Scalar, second: Unicode.Scalar) -> Unicode.Scalar? {
    composites[Self.key(first, second)] ?? Hangul.composite(first, second)
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }
}

/// Hangul syllables, which decompose and compose by arithmetic (section 3.12 of the standard).
enum Hangul {
  private static let leading: UInt32 = 0x1100
  private static let vowel: UInt32 = 0x1161
  private static let trailing: UInt32 = 0x11A7
  private static let syllable: UInt32 = 0xAC00
  private static let leadingCount: UInt32 = 19
  private static let vowelCount: UInt32 = 21
  private static let trailingCount: UInt32 = 28

  /// Appends the letters of a syllable, or the scalar itself if it is none.
  static func decompose(_ scalar: Unicode.Scalar, to scalars: inout [Unicode.Scalar]) {
    guard case syllable..<syllable + leadingCount * vowelCount * trailingCount = scalar.value else {
      scalars.append(scalar)
      return
    }
    let index = scalar.value - syllable
    let letters = [
      leading + index / (vowelCount * trailingCount),
      vowel + index % (vowelCount * trailingCount) / trailingCount,
      trailing + index % trailingCount,
    ]
    scalars.append(contentsOf: letters.compactMap { $0 == trailing ? nil : Unicode.Scalar($0) })
  }

  static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if case leading..<leading + leadingCount = first.value,
      case vowel..<vowel + vowelCount = second.value
    {
      let pair = (first.value - leading) * vowelCount + second.value - vowel
      return Unicode.Scalar(syllable + pair * trailingCount)
    }
    if case syllable..<syllable + leadingCount * vowelCount * trailingCount = first.value,
      (first.value - syllable) % trailingCount == 0,
      case trailing + 1..<trailing + trailingCount = second.value
    {
      return Unicode.Scalar(first.value + second.value - trailing)
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// Canonical combining class in Unicode 9, the version of the reference's tables; 0 for starters.
  var combiningClass: UInt8 {
    // No scalar below has another class.
    if value < 0x300 { return 0 }
    let combiningClass = properties.canonicalCombiningClass.rawValue
    if combiningClass == 0 { return 0 }
    return (properties.age?.major ?? 0) <= 9 ? combiningClass : 0
  }
}

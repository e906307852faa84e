/// The four normalization forms of Unicode.
///
/// Reference: Unicode Standard Annex #15, <https://www.unicode.org/reports/tr15/>.
/// - Complexity: O(n log n) in the length of the text.
enum UnicodeForm: Normalizer {
  case nfc, nfd, nfkc, nfkd

  func normalize(_ text: inout NormalizedText) {
    // ASCII is in all four forms.
    if text.isASCII { return }
    var scalars = decomposed(text.bytes)
    Self.order(&scalars)
    if composes { Self.compose(&scalars) }
    text.bytes.removeAll(keepingCapacity: true)
    for scalar in scalars { text.bytes.append(scalar) }
  }

  private var composes: Bool { self == .nfc || self == .nfkc }

  private func decomposed(_ bytes: [UInt8]) -> [Unicode.Scalar] {
    let mappings: DecompositionTable =
      self == .nfc || self == .nfd ? .canonical : .compatibility
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    bytes.forEachScalar(in: bytes.indices) { scalar, _ in
      if scalar.isASCII {
        scalars.append(scalar)
      } else if let mapping = mappings[scalar] {
        scalars.append(contentsOf: mapping)
      } else {
        Hangul.decompose(scalar, to: &scalars)
      }
    }
    return scalars
  }

  /// The Canonical Ordering Algorithm: sorts each run of marks by class, stably.
  private static func order(_ scalars: inout [Unicode.Scalar]) {
    var index = 0
    while index < scalars.count {
      let start = index
      while index < scalars.count, scalars[index].combiningClass != 0 { index += 1 }
      if index - start > 1 {
        let run = scalars[start..<index].enumerated()
          .map { (order: Int($0.element.combiningClass) << 32 | $0.offset, scalar: $0.element) }
          .sorted { $0.order < $1.order }
        scalars.replaceSubrange(start..<index, with: run.map(\.scalar))
      }
      index += 1
    }
  }

  /// The Canonical Composition Algorithm (definition D117 of the standard).
  private static func compose(_ scalars: inout [Unicode.Scalar]) {
    let compositions = CompositionTable.shared
    var count = 0
    var starter: Int?
    // Class of the last scalar kept since the starter; 0 if there is none.
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let combiningClass = scalar.combiningClass
      if let starter {
        let isBlocked = lastClass >= combiningClass && starter < count - 1
        if !isBlocked, let composite = compositions[scalars[starter], scalar] {
          scalars[starter] = composite
          continue
        }
      }
      if combiningClass == 0 { starter = count }
      lastClass = combiningClass
      scalars[count] = scalar
      count += 1
    }
    scalars.removeLast(scalars.count - count)
  }
}

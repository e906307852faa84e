import Foundation

/// The four normalization forms of Unicode (UAX #15).
enum UnicodeForm: Normalizer {
  case nfc, nfd, nfkc, nfkd

  func normalize(_ text: inout NormalizedText) {
    // ASCII is in all four forms.
    if text.isASCII { return }
    let string = text.string
    let normalized =
      switch self {
      case .nfc: string.precomposedStringWithCanonicalMapping
      case .nfd: string.decomposedStringWithCanonicalMapping
      case .nfkc: string.precomposedStringWithCompatibilityMapping
      case .nfkd: string.decomposedStringWithCompatibilityMapping
      }
    text.bytes = Array(normalized.utf8)
  }
}

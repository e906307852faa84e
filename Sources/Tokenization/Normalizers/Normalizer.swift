import Diagnostics

/// Rewrites a piece of text before it is cut into words.
protocol Normalizer: Sendable {
  func normalize(_ text: inout NormalizedText)
}

/// A piece of text under normalization.
struct NormalizedText {
  /// UTF-8.
  var bytes: [UInt8]
  /// Whether the first character comes from the first character of the encoded text.
  var leadsText: Bool

  var string: String { String(decoding: bytes, as: UTF8.self) }

  var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

  /// Keeps the scalars that `isKept` accepts.
  mutating func filter(_ isKept: (Unicode.Scalar) -> Bool) {
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    bytes.forEachScalar(in: bytes.indices) { scalar, range in
      if isKept(scalar) {
        kept.append(contentsOf: bytes[range])
      } else if range.lowerBound == 0 {
        leadsText = false
      }
    }
    bytes = kept
  }
}

let normalizers = Registry<ComponentReader<any Normalizer>>(
  "normalizer",
  [
    ("Sequence", ComponentReader(NormalizerSequence.init)),
    ("NFC", ComponentReader { _ in UnicodeForm.nfc }),
    ("NFD", ComponentReader { _ in UnicodeForm.nfd }),
    ("NFKC", ComponentReader { _ in UnicodeForm.nfkc }),
    ("NFKD", ComponentReader { _ in UnicodeForm.nfkd }),
    ("Replace", ComponentReader(ReplaceNormalizer.init)),
    ("Prepend", ComponentReader(PrependNormalizer.init)),
    ("Lowercase", ComponentReader { _ in LowercaseNormalizer() }),
    ("Strip", ComponentReader(StripNormalizer.init)),
    ("StripAccents", ComponentReader { _ in StripAccentsNormalizer() }),
    ("Nmt", ComponentReader { _ in NmtNormalizer() }),
    ("ByteLevel", ComponentReader { _ in ByteLevelNormalizer() }),
  ])

/// Normalizers one after the other; there may be none.
struct NormalizerSequence: Normalizer {
  let normalizers: [any Normalizer]

  init(_ node: JSONNode) throws(Diagnostic) {
    var list: [any Normalizer] = []
    for element in try node.required("normalizers").elements() {
      list.append(try Tokenization.normalizers.component(element))
    }
    normalizers = list
  }

  func normalize(_ text: inout NormalizedText) {
    for normalizer in normalizers { normalizer.normalize(&text) }
  }
}

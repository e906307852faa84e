/// SentencePiece's cleaning for machine translation: drops control characters and turns rare spaces,
/// separators and joiners into spaces.
struct NmtNormalizer: Normalizer {
  func normalize(_ text: inout NormalizedText) {
    text.filter { !Self.isDropped($0) }
    var mapped: [UInt8] = []
    mapped.reserveCapacity(text.bytes.count)
    text.bytes.forEachScalar(in: text.bytes.indices) { scalar, range in
      if Self.becomesSpace(scalar) {
        mapped.append(UInt8(ascii: " "))
      } else {
        mapped.append(contentsOf: text.bytes[range])
      }
    }
    text.bytes = mapped
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: true
    default: false
    }
  }

  private static func becomesSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
      true
    default: false
    }
  }
}

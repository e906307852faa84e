/// Lower case, scalar by scalar: `İ` becomes two scalars, `Σ` is `σ` also at the end of a word.
struct LowercaseNormalizer: Normalizer {
  func normalize(_ text: inout NormalizedText) {
    var lowered: [UInt8] = []
    lowered.reserveCapacity(text.bytes.count)
    text.bytes.forEachScalar(in: text.bytes.indices) { scalar, range in
      switch scalar.value {
      case 0x41...0x5A: lowered.append(UInt8(scalar.value) | 0x20)
      case ..<0x80: lowered.append(UInt8(scalar.value))
      default: lowered.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      }
    }
    text.bytes = lowered
  }
}

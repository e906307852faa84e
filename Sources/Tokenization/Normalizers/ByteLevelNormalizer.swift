/// Writes every byte as a character of the byte alphabet.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: inout NormalizedText) {
    var mapped: [UInt8] = []
    mapped.reserveCapacity(2 * text.bytes.count)
    ByteAlphabet.append(text.bytes, text.bytes.indices, to: &mapped)
    text.bytes = mapped
  }
}

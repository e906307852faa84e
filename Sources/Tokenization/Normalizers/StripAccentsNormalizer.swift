/// Removes combining marks.
///
/// It does not decompose: letters lose their accents only after NFD or NFKD.
struct StripAccentsNormalizer: Normalizer {
  func normalize(_ text: inout NormalizedText) {
    if !text.isASCII { text.filter { !$0.isMark } }
  }
}

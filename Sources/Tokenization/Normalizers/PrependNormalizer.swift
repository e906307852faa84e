import Diagnostics

/// Puts a text before every piece that is not empty.
struct PrependNormalizer: Normalizer {
  let prefix: [UInt8]

  init(_ node: JSONNode) throws(Diagnostic) {
    prefix = Array(try node.string("prepend").utf8)
  }

  func normalize(_ text: inout NormalizedText) {
    if !text.bytes.isEmpty { text.bytes.insert(contentsOf: prefix, at: 0) }
  }
}

import Diagnostics

/// Turns tokens back into text: rewrites a list of strings, whose concatenation is the text.
protocol TokenDecoder: Sendable {
  /// - Parameter tokens: Strings in UTF-8.
  func decode(_ tokens: inout [[UInt8]])
}

let tokenDecoders = Registry<ComponentReader<any TokenDecoder>>(
  "decoder",
  [
    ("Sequence", ComponentReader(DecoderSequence.init)),
    ("ByteLevel", ComponentReader { _ in ByteLevelDecoder() }),
    ("Replace", ComponentReader(ReplaceDecoder.init)),
    ("ByteFallback", ComponentReader { _ in ByteFallbackDecoder() }),
    ("Fuse", ComponentReader { _ in FuseDecoder() }),
    ("Strip", ComponentReader(StripDecoder.init)),
    ("Metaspace", ComponentReader(MetaspaceDecoder.init)),
  ])

/// Decoders one after the other.
struct DecoderSequence: TokenDecoder {
  let decoders: [any TokenDecoder]

  init(_ node: JSONNode) throws(Diagnostic) {
    var list: [any TokenDecoder] = []
    for element in try node.required("decoders").elements() {
      list.append(try tokenDecoders.component(element))
    }
    decoders = list
  }

  func decode(_ tokens: inout [[UInt8]]) {
    for decoder in decoders { decoder.decode(&tokens) }
  }
}

/// Puts single spaces between tokens: what a file without a decoder means.
struct SpaceDecoder: TokenDecoder {
  func decode(_ tokens: inout [[UInt8]]) {
    tokens = [Array(tokens.joined(separator: [UInt8(ascii: " ")]))]
  }
}

/// Joins everything into one string.
struct FuseDecoder: TokenDecoder {
  func decode(_ tokens: inout [[UInt8]]) { tokens = [Array(tokens.joined())] }
}

extension [UInt8] {
  /// The same text with every ill-formed part replaced by U+FFFD.
  var repaired: [UInt8] { Array(String(decoding: self, as: UTF8.self).utf8) }
}

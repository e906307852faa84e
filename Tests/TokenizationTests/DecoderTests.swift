import Testing

@testable import Tokenization

@Suite("Decoders") struct DecoderTests {
  private func decode(_ json: String, _ tokens: [String]) throws -> [String] {
    var tokens = tokens.map { Array($0.utf8) }
    try tokenDecoders.component(node(json)).decode(&tokens)
    return tokens.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "rewrite tokens as the library does",
    arguments: [
      (#"{"type": "ByteLevel"}"#, ["ĠÃ©", "Ċ", "Ã"], [" é\n\u{FFFD}"]),
      (#"{"type": "ByteLevel"}"#, ["Ã", "©", "▁Ġ"], ["é▁Ġ"]),
      (#"{"type": "Fuse"}"#, ["a", "b"], ["ab"]),
      (#"{"type": "Fuse"}"#, [], [""]),
      (
        #"{"type": "ByteFallback"}"#, ["<0xC3>", "<0xa9>", "x", "<0xE2>", "<0x82>"],
        ["é", "x", "\u{FFFD}", "\u{FFFD}"]
      ),
      (
        #"{"type": "ByteFallback"}"#, ["<0x4>", "<0xGG>", "0x41", "<0x41>"],
        ["<0x4>", "<0xGG>", "0x41", "A"]
      ),
      (
        #"{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}"#, ["▁▁a▁", "b"],
        ["  a ", "b"]
      ),
      (
        #"{"type": "Replace", "pattern": {"Regex": "[ab]+"}, "content": ""}"#, ["xaby", ""],
        ["xy", ""]
      ),
      (#"{"type": "Strip", "content": " ", "start": 1, "stop": 0}"#, ["  a ", " "], [" a ", ""]),
      (
        #"{"type": "Strip", "content": "é", "start": 2, "stop": 1}"#, ["éééé", "é", ""],
        ["é", "", ""]
      ),
      (#"{"type": "Metaspace", "replacement": "▁"}"#, ["▁a▁b", "▁c"], ["ab", " c"]),
      (
        #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}"#, ["▁a", "▁c"],
        [" a", " c"]
      ),
      (#"{"type": "Metaspace", "replacement": "_", "add_prefix_space": false}"#, ["_a"], [" a"]),
      (
        #"{"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": "a", "start": 1, "stop": 1}]}"#,
        ["a", "ba"], ["b"]
      ),
    ])
  func effects(json: String, tokens: [String], expected: [String]) throws {
    #expect(try decode(json, tokens) == expected)
  }

  @Test("without a decoder, tokens are joined by spaces") func none() throws {
    let tokenizer = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}"#)
    #expect(tokenizer.decode([0, 1, 0], skipSpecialTokens: false) == "a b a")
    #expect(tokenizer.decode([], skipSpecialTokens: false) == "")
  }
}

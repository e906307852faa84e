import Testing

@testable import Tokenization

@Suite("Pre-tokenizers") struct PreTokenizerTests {
  private func split(_ json: String, _ text: String, leadsText: Bool = true) throws -> [String] {
    var words = Words(Array(text.utf8), leadsText: leadsText)
    try preTokenizers.component(node(json)).split(&words)
    return words.ranges.map { String(decoding: words.bytes[$0], as: UTF8.self) }
  }

  @Test(
    "cut and rewrite as the library does",
    arguments: [
      (
        #"{"type": "ByteLevel", "add_prefix_space": false}"#, "it's 3  é",
        ["it", "'s", "Ġ3", "Ġ", "ĠÃ©"]
      ),
      (#"{"type": "ByteLevel"}"#, "a b", ["Ġa", "Ġb"]),
      (#"{"type": "ByteLevel"}"#, " a", ["Ġa"]),
      (#"{"type": "ByteLevel", "use_regex": false}"#, "a b", ["ĠaĠb"]),
      (#"{"type": "Digits", "individual_digits": true}"#, "a12½b", ["a", "1", "2", "½", "b"]),
      (#"{"type": "Digits", "individual_digits": false}"#, "a12Ⅻ٣b", ["a", "12Ⅻ٣", "b"]),
      (#"{"type": "Punctuation"}"#, "a,$!b", ["a", ",", "$", "!", "b"]),
      (#"{"type": "Punctuation", "behavior": "Contiguous"}"#, "a,$!b", ["a", ",$!", "b"]),
      (#"{"type": "Sequence", "pretokenizers": []}"#, "a b", ["a b"]),
      (
        #"{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false}]}"#,
        "x 12", ["x", "Ġ", "1", "2"]
      ),
      (
        #"{"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}"#, "a  b",
        ["▁a", "▁", "▁b"]
      ),
      (
        #"{"type": "Metaspace", "replacement": "▁", "add_prefix_space": false}"#, "a b",
        ["a", "▁b"]
      ),
      (#"{"type": "Metaspace", "replacement": "▁", "split": false}"#, " a\tb", ["▁a\tb"]),
      (
        #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": false}"#,
        "a b", ["a▁b"]
      ),
      (
        #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}"#,
        "a b", ["▁a▁b"]
      ),
      (#"{"type": "Metaspace", "replacement": "▁"}"#, "", []),
    ])
  func effects(json: String, text: String, expected: [String]) throws {
    #expect(try split(json, text) == expected)
  }

  @Test("Metaspace 'first' means the start of the encoded text") func first() throws {
    let json = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}"#
    #expect(try split(json, "a", leadsText: false) == ["a"])
    let digits =
      #"{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, \#(json)]}"#
    #expect(try split(digits, "1a") == ["▁1", "a"])
    let removed = #"""
      {"type": "Sequence", "pretokenizers":
        [{"type": "Split", "pattern": {"String": "x"}, "behavior": "Removed"}, \#(json)]}
      """#
    #expect(try split(removed, "xa") == ["a"])
    #expect(try split(removed, "ax") == ["▁a"])
  }

  @Test(
    "Split has five behaviors, each with its mirror",
    arguments: [
      ("Removed", false, ["a", "b", "c"]), ("Removed", true, ["-", "-", "-", "-"]),
      ("Isolated", false, ["a", "-", "-", "b", "-", "c", "-"]),
      ("Isolated", true, ["a", "-", "-", "b", "-", "c", "-"]),
      ("MergedWithPrevious", false, ["a-", "-", "b-", "c-"]),
      ("MergedWithPrevious", true, ["a", "-", "-b", "-c", "-"]),
      ("MergedWithNext", false, ["a", "-", "-b", "-c", "-"]),
      ("MergedWithNext", true, ["a-", "-", "b-", "c-"]),
      ("Contiguous", false, ["a", "--", "b", "-", "c", "-"]),
      ("Contiguous", true, ["a", "--", "b", "-", "c", "-"]),
    ])
  func behaviors(name: String, isInverted: Bool, expected: [String]) throws {
    let json =
      #"{"type": "Split", "pattern": {"String": "-"}, "behavior": "\#(name)", "invert": \#(isInverted)}"#
    #expect(try split(json, "a--b-c-") == expected)
  }
}

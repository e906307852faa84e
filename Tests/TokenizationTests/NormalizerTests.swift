import Testing

@testable import Tokenization

@Suite("Normalizers") struct NormalizerTests {
  private func normalize(_ json: String, _ text: String) throws -> [Unicode.Scalar] {
    var normalized = NormalizedText(bytes: Array(text.utf8), leadsText: true)
    try normalizers.component(node(json)).normalize(&normalized)
    return Array(normalized.string.unicodeScalars)
  }

  @Test(
    "change texts as the library does",
    arguments: [
      (#"{"type": "NFC"}"#, "e\u{301} \u{212B} \u{1100}\u{1161}\u{11A8}", "\u{E9} \u{C5} \u{AC01}"),
      (
        #"{"type": "NFD"}"#, "\u{E9}\u{AC01}\u{AC00}",
        "e\u{301}\u{1100}\u{1161}\u{11A8}\u{1100}\u{1161}"
      ),
      (#"{"type": "NFKC"}"#, "ﬁ ½ \u{FF11} \u{A0}", "fi 1\u{2044}2 1  "),
      (#"{"type": "NFKD"}"#, "\u{1C6}\u{385}", "dz\u{30C} \u{308}\u{301}"),
      (#"{"type": "Lowercase"}"#, "İΣΑΣ ẞ Ǆ Q", "i\u{307}σας ß ǆ q".replacing("ς", with: "σ")),
      (#"{"type": "Strip", "strip_left": true, "strip_right": false}"#, "\u{3000}\n a ", "a "),
      (#"{"type": "Strip", "strip_left": false, "strip_right": true}"#, " a\u{85}\u{A0}", " a"),
      (#"{"type": "Strip"}"#, " \u{200B} ", "\u{200B}"),
      (#"{"type": "Strip"}"#, "\t \n", ""),
      (#"{"type": "StripAccents"}"#, "e\u{301}\u{E9}\u{903}", "e\u{E9}"),
      (#"{"type": "Nmt"}"#, "\u{1}a\u{7F}\tb\u{200B}\u{FEFF}\u{2581}", "a b   "),
      (#"{"type": "ByteLevel"}"#, " é\n", "ĠÃ©Ċ"),
      (#"{"type": "Prepend", "prepend": "▁"}"#, "a", "▁a"),
      (#"{"type": "Prepend", "prepend": "▁"}"#, "", ""),
      (
        #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#, " a \u{301} ",
        "▁a▁\u{301}▁"
      ),
      (#"{"type": "Replace", "pattern": {"String": "aa"}, "content": "b"}"#, "aaaaa", "bba"),
      (
        #"{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "$1"}"#, "a  b   c d",
        "a$1b$1c d"
      ),
      (#"{"type": "Replace", "pattern": {"Regex": "^"}, "content": "Q"}"#, "", ""),
      (#"{"type": "Sequence", "normalizers": []}"#, " A", " A"),
      (
        #"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}"#,
        "ÉÅ", "ea"
      ),
    ])
  func effects(json: String, text: String, expected: String) throws {
    #expect(try normalize(json, text) == Array(expected.unicodeScalars))
  }

  @Test(
    "put marks in canonical order and compose what is not blocked",
    arguments: [
      ("a\u{301}\u{323}", "\u{1EA1}\u{301}"),
      ("a\u{323}\u{302}", "\u{1EAD}"),
      ("q\u{301}\u{302}\u{300}", "q\u{301}\u{302}\u{300}"),
      ("a\u{345}\u{301}\u{1D16D}\u{327}", "\u{E1}\u{327}\u{1D16D}\u{345}"),
      ("\u{F73}\u{F71}", "\u{F71}\u{F71}\u{F72}"),
      ("\u{958}", "\u{915}\u{93C}"),
      ("\u{344}", "\u{308}\u{301}"),
      ("\u{AC00}\u{11A7}", "\u{AC00}\u{11A7}"),
      ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"),
      ("\u{301}e\u{301}", "\u{301}\u{E9}"),
      ("\u{2126}\u{1F71}\u{2F800}", "\u{3A9}\u{3AC}\u{4E3D}"),
      // Assigned after Unicode 9: left alone.
      ("e\u{898}\u{323}", "e\u{898}\u{323}"),
    ])
  func canonicalComposition(text: String, expected: String) throws {
    #expect(try normalize(#"{"type": "NFC"}"#, text) == Array(expected.unicodeScalars))
  }

  @Test("forms are stable and agree on canonical equivalents", arguments: UInt64(0)..<16)
  func laws(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let marks: [Unicode.Scalar] = [
      "\u{301}", "\u{323}", "\u{327}", "\u{345}", "\u{11A8}", "\u{1161}",
    ]
    for count in 1..<30 {
      let text = generator.text(of: troublesome + marks + marks + marks, count: count)
      let nfc = try normalize(#"{"type": "NFC"}"#, text)
      let nfd = try normalize(#"{"type": "NFD"}"#, text)
      let string = { (scalars: [Unicode.Scalar]) in String(String.UnicodeScalarView(scalars)) }
      #expect(try normalize(#"{"type": "NFC"}"#, string(nfc)) == nfc)
      #expect(try normalize(#"{"type": "NFC"}"#, string(nfd)) == nfc)
      #expect(try normalize(#"{"type": "NFD"}"#, string(nfc)) == nfd)
      // The standard library's equality is canonical equivalence.
      #expect(string(nfc) == text)
      #expect(string(nfd) == text)
      let nfkc = try normalize(#"{"type": "NFKC"}"#, text)
      #expect(try normalize(#"{"type": "NFKC"}"#, string(nfkc)) == nfkc)
    }
  }

  @Test("know the reference's versions of Unicode") func versions() {
    let isMark = { (scalar: Unicode.Scalar) in scalar.isMark }
    #expect(["\u{301}", "\u{1CF2}", "\u{903}", "\u{20DD}"].allSatisfy(isMark))
    #expect(!["\u{8D3}", "\u{111C9}", "a"].contains(where: isMark))
    let isPunctuation = { (scalar: Unicode.Scalar) in scalar.isPunctuation }
    #expect(["$", "+", "¿", "\u{166D}", "\u{111C9}"].allSatisfy(isPunctuation))
    #expect(!["€", "\u{2E43}", "a", " "].contains(where: isPunctuation))
    let whiteSpace = (UInt32(0)..<0x11_0000).compactMap { Unicode.Scalar($0) }.count(
      where: \.isWhiteSpace)
    #expect(whiteSpace == 25)
  }
}

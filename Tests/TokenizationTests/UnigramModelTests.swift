import Testing

@testable import Tokenization

@Suite("Unigram model") struct UnigramModelTests {
  private func encode(_ text: String, _ json: String) throws -> [Int] {
    var ids: [Int] = []
    try models.component(node(json)).encode(Words(Array(text.utf8), leadsText: true), to: &ids)
    return ids
  }

  @Test("takes the segmentation with the best score, the first of equals") func best() throws {
    let json = #"""
      {"type": "Unigram", "unk_id": 0,
       "vocab": [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -3], ["c", -2], ["bc", -2.5], ["abc", -9]]}
      """#
    #expect(try encode("ab", json) == [1, 2])
    #expect(try encode("abc", json) == [1, 5])
    #expect(try encode("", json) == [])
    let tie = #"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["aa", -2]]}"#
    #expect(try encode("aa", tie) == [2])
  }

  @Test("unknown neighbours fuse, or become bytes") func unknowns() throws {
    let vocab = #"[["<unk>", 0], ["a", -1], ["<0xC3>", 0], ["<0xA9>", 0], ["é€", -90]]"#
    let plain = #"{"type": "Unigram", "unk_id": 0, "vocab": \#(vocab)}"#
    #expect(try encode("ééa€", plain) == [0, 1, 0])
    let bytes = #"{"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": \#(vocab)}"#
    #expect(try encode("éa€", bytes) == [2, 3, 1, 0])
    // An unknown text that happens to be a piece is that piece.
    let short =
      #"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["é€", -500]]}"#
    #expect(try encode("é€", short) == [2])
  }

  @Test("agrees with trying all segmentations", arguments: UInt64(0)..<24)
  func reference(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var pieces: [String: Double] = ["<unk>": 0]
    var list = [("<unk>", 0.0)]
    while list.count < 14 {
      let piece = generator.text(
        of: ["a", "b", "é"], count: Int.random(in: 1...4, using: &generator))
      let score = -Double.random(in: 1...9, using: &generator)
      if pieces[piece] != nil { continue }
      pieces[piece] = score
      list.append((piece, score))
    }
    let json =
      #"{"type": "Unigram", "unk_id": 0, "vocab": ["#
      + list.map { "[\"\($0.0)\", \($0.1)]" }.joined(separator: ",") + "]}"
    let unknownScore = (list.map(\.1).min() ?? 0) - 10

    func bestScore(_ text: Substring.UnicodeScalarView) -> Double {
      if text.isEmpty { return 0 }
      var best = -Double.infinity
      for length in 1...text.count {
        let head = String(text.prefix(length))
        guard let score = pieces[head] ?? (length == 1 ? unknownScore : nil) else { continue }
        best = max(best, score + bestScore(text.dropFirst(length)))
      }
      return best
    }

    for length in 1..<9 {
      let text = generator.text(of: ["a", "b", "é"], count: length)
      let ids = try encode(text, json)
      // Fused unknowns hide their number: the characters that no known piece covers.
      let known = ids.filter { $0 != 0 }
      let unknowns =
        length - known.reduce(0) { $0 + list[$1].0.unicodeScalars.count }
      let score = known.reduce(Double(unknowns) * unknownScore) { $0 + list[$1].1 }
      #expect(abs(score - bestScore(Substring(text).unicodeScalars)) < 1e-9)
    }
  }

  @Test("long words take linear time") func longWords() throws {
    let json =
      #"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["ab", -1], ["abab", -3]]}"#
    #expect(try encode(String(repeating: "ab", count: 50_000), json).count == 50_000)
  }
}

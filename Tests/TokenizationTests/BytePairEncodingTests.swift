import Testing

@testable import Tokenization

@Suite("Byte-pair encoding") struct BytePairEncodingTests {
  private func model(
    _ tokens: [String], merges: [(Int, Int, Int)] = [],
    _ options: BytePairEncoding.Options = .init()
  ) -> BytePairEncoding {
    var vocabulary = Vocabulary(minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated() { vocabulary.insert(Array(token.utf8), id: id) }
    var table = MergeTable(minimumCapacity: merges.count)
    for (left, right, product) in merges { table.append(left, right, product: product) }
    return BytePairEncoding(vocabulary: vocabulary, merges: table, options: options)
  }

  private func encode(_ text: String, _ model: some TokenModel) -> [Int] {
    var ids: [Int] = []
    model.encode(Words(Array(text.utf8), leadsText: true), to: &ids)
    return ids
  }

  @Test("merges the best rank first, leftmost among equals") func order() {
    // a b c ab bc abc aa aab
    let tokens = ["a", "b", "c", "ab", "bc", "abc", "aa", "aab"]
    let merges = [(1, 2, 4), (0, 1, 3), (3, 2, 5), (0, 0, 6), (6, 1, 7)]
    let model = model(tokens, merges: merges)
    #expect(encode("abc", model) == [0, 4])
    #expect(encode("ab", model) == [3])
    #expect(encode("aaa", model) == [6, 0])
    #expect(encode("aaaa", model) == [6, 6])
    #expect(encode("aab", model) == [0, 3])
    #expect(encode("", model).isEmpty)
  }

  @Test("looks at new pairs before the other occurrences of the old one") func newPairs() {
    // The pair (ab, a) has a better rank than (a, b): abab is not ab ab.
    let model = model(["a", "b", "ab", "aba"], merges: [(2, 0, 3), (0, 1, 2)])
    #expect(encode("abab", model) == [3, 1])
  }

  @Test("a stale entry counts if its pair now merges into the same token") func staleness() {
    // a b c ab bc abc: "abc" is made from (ab, c) with rank 2 and from (a, bc) with rank 3.
    let tokens = ["a", "b", "c", "ab", "bc", "abc", "x"]
    let model = model(tokens, merges: [(1, 2, 4), (0, 4, 5), (0, 1, 3), (3, 2, 5)])
    #expect(encode("abc", model) == [5])
    #expect(encode("ab", model) == [3])
  }

  @Test("agrees with merging the best pair step by step", arguments: UInt64(0)..<24)
  func reference(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var tokens = ["a", "b", "c"]
    var merges: [(Int, Int, Int)] = []
    while tokens.count < 24 {
      let left = Int.random(in: 0..<tokens.count, using: &generator)
      let right = Int.random(in: 0..<tokens.count, using: &generator)
      let product = tokens[left] + tokens[right]
      if product.count > 12 || tokens.contains(product) { continue }
      merges.append((left, right, tokens.count))
      tokens.append(product)
    }
    merges.shuffle(using: &generator)
    let model = model(tokens, merges: merges)
    for length in 1..<40 {
      let word = generator.text(of: ["a", "b", "c"], count: length)
      var ids = word.unicodeScalars.map { Int($0.value) - 97 }
      while let best = zip(ids, ids.dropFirst()).enumerated()
        .compactMap({ position, pair in
          merges.firstIndex { $0.0 == pair.0 && $0.1 == pair.1 }.map {
            (rank: $0, position: position)
          }
        })
        .min(by: { ($0.rank, $0.position) < ($1.rank, $1.position) })
      {
        ids.replaceSubrange(best.position...best.position + 1, with: [merges[best.rank].2])
      }
      // The second time the word comes from the cache.
      #expect(encode(word, model) == ids)
      #expect(encode(word, model) == ids)
    }
  }

  @Test("unknown characters vanish, stand alone or fuse") func unknowns() {
    var options = BytePairEncoding.Options()
    let tokens = ["<unk>", "a", "b", "ab"]
    let merges = [(1, 2, 3)]
    #expect(encode("aé€b", model(tokens, merges: merges, options)) == [3])
    options.unknown = 0
    #expect(encode("aé€b", model(tokens, merges: merges, options)) == [1, 0, 0, 2])
    options.fusesUnknowns = true
    #expect(encode("é€aé€", model(tokens, merges: merges, options)) == [0, 1, 0])
  }

  @Test("falls back to bytes only if all bytes have tokens; they overtake a fused unknown")
  func byteFallback() {
    var options = BytePairEncoding.Options(unknown: 0, fusesUnknowns: true, fallsBackToBytes: true)
    let tokens = ["<unk>", "a", "<0xC3>", "<0xA9>"]
    #expect(encode("aé", model(tokens, options)) == [1, 2, 3])
    #expect(encode("€éa", model(tokens, options)) == [2, 3, 0, 1])
    options.fallsBackToBytes = false
    #expect(encode("aé", model(tokens, options)) == [1, 0])
  }

  @Test("a whole word of the vocabulary may skip the merges") func ignoreMerges() {
    let tokens = ["a", "b", "ab"]
    #expect(encode("ab", model(tokens)) == [0, 1])
    #expect(encode("ab", model(tokens, BytePairEncoding.Options(ignoresMerges: true))) == [2])
    #expect(
      encode("aba", model(tokens, BytePairEncoding.Options(ignoresMerges: true))) == [0, 1, 0])
  }

  @Test("affixes mark the characters inside and at the end of a word") func affixes() {
    let options = BytePairEncoding.Options(
      unknown: 0, continuingPrefix: Array("##".utf8), endSuffix: Array("</w>".utf8))
    let tokens = ["<unk>", "a", "##b", "##b</w>", "a</w>"]
    #expect(encode("abb", model(tokens, options)) == [1, 2, 3])
    #expect(encode("a", model(tokens, options)) == [4])
    #expect(encode("ba", model(tokens, options)) == [0, 0])
  }

  @Test("canonically equivalent characters are different tokens") func equivalence() {
    let model = model(["\u{C5}", "\u{212B}", "A", "\u{30A}"])
    #expect(encode("\u{C5}\u{212B}A\u{30A}", model) == [0, 1, 2, 3])
  }

  @Test("long words take no quadratic time", arguments: ["ab", "=", "a b"]) func longWords(
    unit: String
  ) {
    let model = model(["a", "b", "=", " ", "ab", "=="], merges: [(0, 1, 4), (2, 2, 5)])
    let word = String(repeating: unit, count: 100_000)
    #expect(
      encode(word, model).count
        == [4: 100_000, 2: 100_000, 1: 50_000, 3: 300_000][unit == "ab" ? 2 : unit == "=" ? 1 : 3])
  }

  @Test("the cache starts anew when it is full") func cache() {
    let model = model((0..<10).map { "\($0)" })
    for number in 0..<70_000 {
      guard number % 997 == 0 || number > 65_000 else {
        _ = encode(String(number), model)
        continue
      }
      #expect(encode(String(number), model) == String(number).utf8.map { Int($0) - 48 })
    }
  }

  @Test("threads get the same tokens") func threads() async throws {
    let tokenizer = try Tokenizer.load(folder: golden("gpt2"))
    let texts = (0..<64).map { "The quick brown fox number \($0) jumps over it's lazy dog" }
    let expected = texts.map { tokenizer.encode($0, addSpecialTokens: true) }
    await withTaskGroup(of: [[Int]].self) { group in
      for _ in 0..<8 {
        group.addTask { texts.map { tokenizer.encode($0, addSpecialTokens: true) } }
      }
      for await ids in group { #expect(ids == expected) }
    }
  }
}

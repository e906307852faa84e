import Testing

@testable import Tokenization

@Suite("Added tokens") struct AddedTokensTests {
  /// A tokenizer whose model knows the ASCII letters, the space and `▁`; other characters vanish.
  private func tokenizer(
    _ tokens: [(content: String, flags: Set<String>)], normalizer: String = "null"
  ) throws -> Tokenizer {
    let letters = " abcdefxyzABC▁".unicodeScalars.map { "\"\($0)\"" }
    let vocab = letters.enumerated().map { "\($0.element): \($0.offset)" }.joined(separator: ",")
    let added = tokens.enumerated().map { index, token in
      let flags = ["special", "normalized", "single_word", "lstrip", "rstrip"]
        .map { "\"\($0)\": \(token.flags.contains($0))" }.joined(separator: ",")
      return "{\"id\": \(letters.count + index), \"content\": \"\(token.content)\", \(flags)}"
    }
    return try Tokenizer(
      node(
        """
        {"added_tokens": [\(added.joined(separator: ","))], "normalizer": \(normalizer),
         "model": {"type": "BPE", "vocab": {\(vocab)}, "merges": []}}
        """))
  }

  /// The tokens of a text, those of the model as they are, added ones in brackets.
  private func tokens(_ text: String, _ tokenizer: Tokenizer) -> String {
    tokenizer.encode(text, addSpecialTokens: true)
      .map { id in
        let token = tokenizer.token(id) ?? "?"
        return tokenizer.addedTokens[id] == nil ? token : "[\(token)]"
      }
      .joined()
  }

  @Test("the leftmost wins, then the longest") func search() throws {
    let tokenizer = try tokenizer([("<s>", []), ("<s>x", []), ("s>xy", [])])
    #expect(tokens("a<s>xy<s>s>xy", tokenizer) == "a[<s>x]y[<s>][s>xy]")
    #expect(tokens("<s", tokenizer) == "")
    #expect(tokens("", tokenizer) == "")
  }

  @Test("single words stand between characters that are no word characters") func singleWord()
    throws
  {
    let tokenizer = try tokenizer([("ab", ["single_word"])])
    #expect(tokens("ab ab-abc cab (ab)", tokenizer) == "[ab] [ab]abc cab [ab]")
    for neighbour in ["é", "١", "_", "\u{301}", "\u{200D}", "中"] {
      #expect(tokens("ab" + neighbour, tokenizer) == "ab")
      #expect(tokens(neighbour + "ab", tokenizer) == "ab")
    }
    for neighbour in ["€", "½", "\u{200B}", "-"] {
      #expect(tokens(neighbour + "ab" + neighbour, tokenizer) == "[ab]")
    }
  }

  @Test("a discarded match hides what overlaps it") func discarded() throws {
    let tokenizer = try tokenizer([("abc", ["single_word"]), ("bcd", [])])
    #expect(tokens("xabcd", tokenizer) == "xabcd")
    #expect(tokens("bcd", tokenizer) == "[bcd]")
  }

  @Test("tokens swallow white space") func stripping() throws {
    let both = try tokenizer([("<A>", ["lstrip", "rstrip"])])
    #expect(tokens("a \u{3000}<A>\n\t b", both) == "a[<A>]b")
    #expect(tokens(" <A> <A> ", both) == "[<A>][<A>]")
    let left = try tokenizer([("<A>", ["lstrip"])])
    #expect(tokens("a <A> b", left) == "a[<A>] b")
  }

  @Test("tokens in swallowed space stay, unless nothing is left of them") func swallowed() throws {
    let kept = try tokenizer([("<A>", ["rstrip"]), ("\\t", [])])
    #expect(tokens("x<A> \t \tb", kept) == "x[<A>][\t] [\t]b")
    let dropped = try tokenizer([("\\t", ["lstrip", "rstrip"])])
    #expect(tokens("x \t \tb\t", dropped) == "x[\t]b[\t]")
    let repeated = try tokenizer([("\\n\\n", ["rstrip"])])
    #expect(tokens("a\n\n\n\n\nb", repeated) == "a[\n\n][\n\n]b")
  }

  @Test("normalized tokens are found in the normalized text only") func normalization() throws {
    let tokenizer = try tokenizer(
      [("AB", ["normalized"]), ("BC", [])], normalizer: #"{"type": "Lowercase"}"#)
    #expect(tokens("abABAbC", tokenizer) == "[AB][AB][AB]c")
    #expect(tokens("aBC", tokenizer) == "a[BC]")
    #expect(tokens("abc", tokenizer) == "[AB]c")
    #expect(
      tokenizer.decode(tokenizer.encode("AB BC", addSpecialTokens: false), skipSpecialTokens: false)
        == "ab   BC")
  }

  @Test("the pieces between tokens are normalized on their own") func pieces() throws {
    let tokenizer = try tokenizer(
      [("<s>", [])], normalizer: #"{"type": "Prepend", "prepend": "▁"}"#)
    #expect(tokens("<s>a<s>b", tokenizer) == "[<s>]▁a[<s>]▁b")
  }

  @Test("skipping drops special tokens and what looks like one") func skipping() throws {
    let tokenizer = try tokenizer(
      [("<s>", ["special"]), ("<t>", []), ("<S>", ["normalized"])],
      normalizer: #"{"type": "Lowercase"}"#)
    let ids = [14, 15, 16, 1]
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == "<s> <t> <s> a")
    #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "<t> a")
    #expect(tokenizer.decode([99, -1, 1], skipSpecialTokens: true) == "a")
    #expect(tokenizer.vocabularySize == 17)
    #expect(tokenizer.id(ofToken: "<t>") == 15)
    #expect(tokenizer.id(ofToken: "<u>") == nil)
    #expect(tokenizer.token(17) == nil)
  }
}

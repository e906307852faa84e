import Diagnostics
import Testing

@testable import Patterns

@Suite("Pattern") struct PatternTests {
  private func texts(_ expression: String, in text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    return try Pattern(expression, at: "test").matches(in: text)
      .map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }

  @Test("finds matches from left to right without overlap") func order() throws {
    #expect(try texts("aba", in: "ababaXaba") == ["aba", "aba"])
    #expect(try texts(#"\p{L}+|\p{N}{1,3}"#, in: "año 12345 Ⅻ") == ["año", "123", "45", "Ⅻ"])
    #expect(try texts("x", in: "").isEmpty)
  }

  @Test("an empty match behind a match does not count, and the search goes on a scalar further")
  func emptyMatches() throws {
    let ranges = try Pattern("a*", at: "test").matches(in: "éaab").map(\.range)
    #expect(ranges == [0..<0, 2..<4, 5..<5])
    #expect(try Pattern("$", at: "test").matches(in: "").map(\.range) == [0..<0])
    #expect(try Pattern("", at: "test").matches(in: "é").map(\.range) == [0..<0, 2..<2])
  }

  @Test("gives the groups, nil for those that took no part") func groups() throws {
    let matches = try Pattern(#"(-)?(\d+)(?:\.(\d+))?"#, at: "test").matches(in: "é -1.25 7")
    #expect(
      matches == [
        Pattern.Match(range: 3..<8, groups: [3..<4, 4..<5, 6..<8]),
        Pattern.Match(range: 9..<10, groups: [nil, 9..<10, nil]),
      ])
  }

  @Test("takes a range for the whole text") func ranges() throws {
    let bytes = Array("aXb aXb".utf8)
    var found: [Range<Int>] = []
    for expression in ["^b", "(?<!a)X", "b$", "(?<=a)X"] {
      try Pattern(expression, at: "test").appendMatches(in: bytes, 1..<3, to: &found)
    }
    #expect(found == [1..<2, 2..<3])
  }

  @Test(
    "has Ruby's syntax over Unicode",
    arguments: [
      (#"(?i:'s)"#, "'S 'ſ 's", ["'S", "'ſ", "'s"]),
      (#"[^(\s|[.,!?…])]+"#, "ab,(c|d", ["ab", "c", "d"]),
      (#"a++a|b"#, "aaab", ["b"]),
      (#"\s+(?!\S)|\s+"#, "  a \u{3000}", [" ", " ", " \u{3000}"]),
      (#"\h+"#, "xfg09", ["f", "09"]),
      (#"[a-z&&[^b]]+"#, "abc", ["a", "c"]),
      (#"."#, "é\u{1F600}", ["é", "\u{1F600}"]),
    ])
  func syntax(expression: String, text: String, expected: [String]) throws {
    let found = try texts(expression, in: text)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test(
    "refuses what is not an expression, with the engine's words",
    arguments: [
      ("(", "end pattern with unmatched parenthesis"),
      (#"(?<n>a)\k<m>"#, "undefined name <m> reference"),
      (#"\p{Klingon}"#, "invalid character property name {Klingon}"),
      ("[b-a]", "empty range in char class"),
      ("*", "target of repeat operator is not specified"),
    ])
  func errors(expression: String, message: String) {
    let error = #expect(throws: Diagnostic.self) {
      try Pattern(expression, at: "tokenizer.json: pattern")
    }
    #expect(
      error
        == Diagnostic(
          "the regular expression '\(expression)' is not valid: \(message)",
          at: "tokenizer.json: pattern", fix: "correct it; the syntax is Ruby's (Oniguruma)"))
  }

  @Test("backtracks as far as it takes", arguments: [1, 1_000, 3_000])
  func backtracking(count: Int) throws {
    // About count² / 2 retries.
    let text = String(repeating: "a", count: count)
    #expect(try texts("a*ab|c", in: text + "c") == ["c"])
  }

  @Test("matches runs of a million scalars") func longRuns() throws {
    let text = String(repeating: " ", count: 1_000_000)
    #expect(
      try Pattern(#"\s+(?!\S)|\s+"#, at: "test").matches(in: text).map(\.range) == [0..<1_000_000])
  }

  @Test("is shared by threads") func threads() async throws {
    let pattern = try Pattern(#"'s|\p{L}+|\s+(?!\S)|\s+"#, at: "test")
    let text = String(repeating: "it's  é\n", count: 500)
    let expected = pattern.matches(in: text)
    #expect(expected.count == 3_000)
    await withTaskGroup(of: [Pattern.Match].self) { group in
      for _ in 0..<8 { group.addTask { pattern.matches(in: text) } }
      for await matches in group { #expect(matches == expected) }
    }
  }
}

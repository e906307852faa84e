import Documents
import Foundation
import Patterns
import Testing

@testable import Tokenization

@Suite("Word scanner") struct WordScannerTests {
  /// Compares with the expression that the scanner stands for.
  private func expectSameWords(_ text: String, _ scanner: WordScanner, _ pattern: Pattern) {
    let bytes = Array(text.utf8)
    var words: [Range<Int>] = []
    scanner.appendWords(of: bytes, bytes.indices, to: &words)
    var matches: [Range<Int>] = []
    pattern.appendMatches(in: bytes, bytes.indices, to: &matches)
    #expect(words == matches, "\(text.debugDescription)")
  }

  @Test("cuts golden texts like Oniguruma", arguments: 0..<WordScanner.known.count)
  func goldenTexts(index: Int) throws {
    let (expression, scanner) = WordScanner.known[index]
    let pattern = try Pattern(expression, at: "test")
    for family in ["gpt2", "llama3", "qwen2", "flags"] {
      for row in try JSONLines.read(path: golden("\(family)/cases.jsonl")).rows {
        expectSameWords(try #require(row.value["text"]?.string), scanner, pattern)
      }
    }
  }

  @Test(
    "cuts random texts like Oniguruma", arguments: 0..<WordScanner.known.count, UInt64(0)..<16)
  func randomTexts(index: Int, seed: UInt64) throws {
    let (expression, scanner) = WordScanner.known[index]
    let pattern = try Pattern(expression, at: "test")
    var generator = SplitMix64(seed: seed)
    for count in 0..<60 {
      expectSameWords(generator.text(of: troublesome, count: count), scanner, pattern)
      let few = (0..<6).map { _ in troublesome.randomElement(using: &generator) ?? " " }
      expectSameWords(generator.text(of: few, count: count), scanner, pattern)
    }
  }

  @Test("is chosen by the exact text of the pattern only") func recognition() {
    for (expression, _) in WordScanner.known {
      #expect(WordScanner.recognizing(expression) != nil)
      #expect(WordScanner.recognizing(expression + "|x") == nil)
    }
    #expect(WordScanner.recognizing(#"\p{L}+"#) == nil)
  }

  @Test("leaves the last space to the word behind it") func spaces() {
    let bytes = Array("   a  \n b  ".utf8)
    func words(_ scanner: WordScanner) -> [String] {
      var words: [Range<Int>] = []
      scanner.appendWords(of: bytes, bytes.indices, to: &words)
      return words.map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(words(.gpt2) == ["  ", " a", "  \n", " b", "  "])
    #expect(words(.cl100k(digits: 3)) == ["  ", " a", "  \n", " b", "  "])
  }

  @Test("numbers have one or three digits in a word") func digits() {
    let bytes = Array("12345".utf8)
    for (digits, expected) in [(1, [0..<1, 1..<2, 2..<3, 3..<4, 4..<5]), (3, [0..<3, 3..<5])] {
      var words: [Range<Int>] = []
      WordScanner.cl100k(digits: digits).appendWords(of: bytes, bytes.indices, to: &words)
      #expect(words == expected)
    }
  }
}

import Diagnostics
import Testing
import Tokenization

@testable import Evaluation

@Suite("Encoding requests") struct RequestEncoderTests {
  let bos = 1

  @Test("moves white space at the end of the context to the continuation")
  func whitespace() throws {
    let encoder = try Demo.encoder()
    let moved = try encoder.sequence(context: "calc: 4 ", continuation: "x", at: "")
    let plain = try encoder.sequence(context: "calc: 4", continuation: " x", at: "")
    #expect(moved == plain)
    #expect(moved.tokens.first == bos)
    let separator = try encoder.sequence(context: "a\u{1C}", continuation: "b", at: "")
    #expect(separator == (try encoder.sequence(context: "a", continuation: "\u{1C}b", at: "")))
  }

  @Test("splits by the number of the context's tokens, even where tokens merge across the joint")
  func joint() throws {
    let encoder = try Demo.encoder()
    let tokenizer = encoder.tokenizer
    let all = tokenizer.encode("the garden is", addSpecialTokens: true)
    let context = tokenizer.encode("the gar", addSpecialTokens: true)
    let sequence = try encoder.sequence(context: "the gar", continuation: "den is", at: "")
    let continuation = all.dropFirst(context.count)
    #expect(!all.starts(with: context))
    #expect(sequence.tokens == context + continuation)
    #expect(sequence.scored == context.count..<(context.count + continuation.count))
  }

  @Test("refuses a continuation without tokens")
  func empty() throws {
    let encoder = try Demo.encoder()
    let error = #expect(throws: Diagnostic.self) {
      try encoder.sequence(context: "a", continuation: "", at: "q.jsonl: line 1")
    }
    #expect(
      error?.description == """
        q.jsonl: line 1: the continuation '' adds no token to its context
          fix: write a continuation that is not empty
        """)
  }

  @Test("puts the prefix token before an empty context, once")
  func emptyContext() throws {
    let encoder = try Demo.encoder()
    let ids = encoder.tokenizer.encode("red", addSpecialTokens: false)
    let sequence = try encoder.sequence(context: "", continuation: "red", at: "")
    #expect(sequence.tokens == [bos] + ids && sequence.scored == 1..<(ids.count + 1))
    #expect(try encoder.sequence(context: "", continuation: "<bos>red", at: "") == sequence)
    let blank = try encoder.sequence(context: "  ", continuation: "red", at: "")
    #expect(blank.tokens.first == bos && blank.scored.lowerBound == 1)
  }

  @Test("adds no second beginning token to a text that spells one")
  func doubleBeginning() throws {
    let encoder = try Demo.encoder()
    #expect(encoder.tokens(of: "<bos>red") == encoder.tokens(of: "red"))
    #expect(encoder.tokens(of: " <bos>red").first == bos)
  }

  @Test("cuts from the left and says so; the continuation must fit")
  func truncation() throws {
    let encoder = try Demo.encoder(maximumLength: 4)
    let whole = try Demo.encoder().sequence(context: "1234567", continuation: " 89", at: "")
    let cut = try encoder.sequence(context: "1234567", continuation: " 89", at: "")
    #expect(!whole.isTruncated && cut.isTruncated)
    #expect(cut.tokens == Array(whole.tokens.suffix(5)))
    #expect(cut.scored.count == whole.scored.count && cut.scored.upperBound == 5)
    #expect(cut.inputCount == 4)
    let error = #expect(throws: Diagnostic.self) {
      try encoder.sequence(context: "1", continuation: "23456", at: "here")
    }
    #expect(
      error?.problem == "the continuation has 5 tokens, but the model reads at most 4")
  }

  @Test("rolls windows that predict every token once")
  func windows() {
    let windows = RequestEncoder.windows(of: Array(0...9), prefix: 99, length: 4)
    #expect(windows.map(\.tokens) == [[99, 0, 1, 2, 3], [3, 4, 5, 6, 7], [5, 6, 7, 8, 9]])
    #expect(windows.map(\.scored) == [1..<5, 1..<5, 3..<5])
    #expect(windows.reduce(0) { $0 + $1.inputCount } == 12)
    let short = RequestEncoder.windows(of: [7], prefix: 99, length: 4)
    #expect(short.map(\.tokens) == [[99, 7]] && short[0].scored == 1..<2)
  }

  @Test("scores each token of a text once, whatever the window", arguments: 1..<12)
  func coverage(length: Int) {
    let ids = Array(100..<123)
    let windows = RequestEncoder.windows(of: ids, prefix: 0, length: length)
    #expect(windows.flatMap { Array($0.tokens[$0.scored]) } == ids)
    #expect(windows.allSatisfy { $0.inputCount <= length && $0.scored.lowerBound > 0 })
  }

  @Test("puts the prefix token before the tokenizer's own beginning token in rolling windows")
  func rollingBeginning() throws {
    let windows = try Demo.encoder().windows(of: "red", at: "")
    #expect(windows[0].tokens.prefix(2) == [bos, bos])
    #expect(windows[0].scored.lowerBound == 1)
  }

  @Test("keeps the end of a prompt and room for what is generated")
  func prompt() throws {
    let encoder = try Demo.encoder(maximumLength: 6)
    let whole = encoder.tokens(of: "123456")
    let prompt = try encoder.prompt("123456", limit: 2, at: "")
    #expect(prompt.tokens == Array(whole.suffix(4)) && prompt.isTruncated)
    #expect(try !encoder.prompt("1", limit: 2, at: "").isTruncated)
    let error = #expect(throws: Diagnostic.self) {
      try encoder.prompt("1", limit: 6, at: "t.yaml: max_tokens")
    }
    #expect(
      error?.description == """
        t.yaml: max_tokens: 6 generated tokens leave no room for a prompt: the model takes 6
          fix: lower max_tokens to less than 6
        """)
  }
}

import Testing
import Tokenization

@testable import Evaluation

@Suite("Drafts of expected text") struct DraftTests {
  let prompt = "calc: 57 - 37 ="

  func rule(_ encoder: RequestEncoder, stops: [String] = ["\n"], limit: Int = 24) -> StopRule {
    StopRule(tokenizer: encoder.tokenizer, stops: stops, limit: limit)
  }

  func draft(
    _ encoder: RequestEncoder, _ expected: String, stops: [String] = ["\n"], limit: Int = 24
  ) -> Draft {
    Draft(
      expected: expected, context: prompt, stops: stops,
      limit: limit, encoder: encoder)
  }

  /// Follows a model that would greedily write `script`.
  func follow(_ draft: Draft, _ rule: StopRule, script: [Int]) -> (
    generated: [Int], isComplete: Bool
  ) {
    draft.follow(rule) { branch, position in
      #expect(draft.branches[branch].prefix(position) == script.prefix(position))
      return script[position]
    }
  }

  @Test("prove what a model writes that ends in the end token or in a stop string")
  func proved() throws {
    let encoder = try Demo.encoder()
    let rule = rule(encoder)
    let draft = draft(encoder, " 20")
    let target = encoder.tokenizer.encode(" 20", addSpecialTokens: false)
    let newline = encoder.tokenizer.encode("\n", addSpecialTokens: false)
    #expect(newline.count == 1)
    for script in [target + [2], target + newline] {
      let (generated, isComplete) = follow(draft, rule, script: script)
      #expect(isComplete && generated == script)
      #expect(rule.text(of: generated) == " 20")
    }
  }

  @Test("decide a miss that stops at the first other token, and leave open one that goes on")
  func missed() throws {
    let encoder = try Demo.encoder()
    let rule = rule(encoder)
    let draft = draft(encoder, " 20")
    let target = encoder.tokenizer.encode(" 20", addSpecialTokens: false)
    let short = follow(draft, rule, script: target.dropLast() + [2])
    #expect(short.isComplete && rule.text(of: short.generated) == " 2")
    let other = encoder.tokenizer.encode(" 21", addSpecialTokens: false)
    let open = follow(draft, rule, script: other + [2])
    #expect(!open.isComplete && open.generated == other)
    let longer = follow(draft, rule, script: target + [target[1], 2])
    #expect(!longer.isComplete && longer.generated == target + [target[1]])
  }

  @Test("follow stop strings of several tokens")
  func longStop() throws {
    let encoder = try Demo.encoder()
    let rule = rule(encoder, stops: ["= 9"])
    let draft = draft(encoder, " 20", stops: ["= 9"])
    let script = encoder.tokenizer.encode(" 20= 9", addSpecialTokens: false)
    let (generated, isComplete) = follow(draft, rule, script: script)
    #expect(isComplete && generated == script)
    #expect(rule.text(of: generated) == " 20")
  }

  @Test("end at the limit")
  func limit() throws {
    let encoder = try Demo.encoder()
    let rule = rule(encoder, limit: 2)
    let draft = draft(encoder, " 20", limit: 2)
    let script = encoder.tokenizer.encode(" 2055", addSpecialTokens: false)
    let (generated, isComplete) = follow(draft, rule, script: script)
    #expect(isComplete && generated == Array(script.prefix(2)))
    #expect(draft.branches.allSatisfy { $0.count <= 2 })
  }

  @Test("are cut at the first of each stop string in turn, special tokens left out")
  func text() throws {
    let encoder = try Demo.encoder()
    let rule = rule(encoder, stops: ["b", "a"])
    func text(_ source: String, _ end: [Int] = []) -> String {
      rule.text(of: encoder.tokenizer.encode(source, addSpecialTokens: false) + end)
    }
    #expect(text("xaxbx") == "x")
    #expect(text(" x", [2]) == " x")
    #expect(text("") == "")
    #expect(rule.isFinished(encoder.tokenizer.encode("xa", addSpecialTokens: false)))
    #expect(!rule.isFinished(encoder.tokenizer.encode("xx", addSpecialTokens: false)))
    #expect(rule.isFinished([2]))
    #expect(!rule.isFinished([]))
  }
}

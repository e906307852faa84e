import Tasks
import Testing

@Suite("Task kinds") struct TaskKindTests {
  func item(_ yaml: String, _ row: String) throws -> TaskItem {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", row)
      return try fixture.load("task: t\ndata: q.jsonl\n" + yaml).allItems()[0]
    }
  }

  func nats(_ values: [Double], greedy: Int? = nil) -> [ModelResponse] {
    values.enumerated().map { .logLikelihood(nats: $1, tokens: 1, isGreedy: $0 == greedy) }
  }

  @Test("multiple_choice divides by code points and by bytes, without the delimiter")
  func lengths() throws {
    let item = try item(
      "kind: multiple_choice\nmetrics: [acc, acc_norm, acc_bytes]\n",
      #"{"prompt": "p", "choices": ["ab", "e\u0301e\u0301", "\r\n"], "answer": 1}"#)
    let values = item.measure(nats([-2, -3.8, -2.5]))
    #expect(values["acc"] == .value(0))
    #expect(values["acc_norm"] == .value(1))
    #expect(values["acc_bytes"] == .value(1))
    #expect(item.prediction(nats([-2, -3.8, -2.5])) == 0)
    let tied = item.measure(nats([-2, -4, -2]))
    #expect(tied["acc_norm"] == .value(0))
    #expect(tied["acc_bytes"] == .value(1))
  }

  @Test("multiple_choice gives the first of equal choices")
  func ties() throws {
    let item = try item(
      "kind: multiple_choice\n", #"{"prompt": "p", "choices": ["a", "b"], "answer": true}"#)
    #expect(item.measure(nats([-1, -1]))["acc"] == .value(0))
    #expect(item.measure(nats([-1, -0.5]))["acc"] == .value(1))
  }

  @Test("multiple_choice has smooth values")
  func smooth() throws {
    let item = try item(
      "kind: multiple_choice\n"
        + "metrics: [choice_logprob, gold_prob, gold_prob_norm, margin, brier_score, exact_match]\n",
      #"{"prompt": "p", "choices": ["aa", "b"], "answer": 0}"#)
    let values = item.measure(nats([-1, -2], greedy: 0))
    func close(_ name: MetricName, _ expected: Double) -> Bool {
      guard case .value(let value)? = values[name] else { return false }
      return abs(value - expected) < 1e-12
    }
    #expect(close("choice_logprob", -0.313_261_687_518_222_8))
    #expect(close("gold_prob", 0.731_058_578_630_004_9))
    #expect(close("gold_prob_norm", 0.817_574_476_193_643_7))
    #expect(close("margin", 1))
    #expect(close("brier_score", 2 * 0.268_941_421_369_995_1 * 0.268_941_421_369_995_1))
    #expect(values["exact_match"] == .value(1))
  }

  @Test("multiple_choice stays finite for hopeless choices")
  func hopeless() throws {
    let item = try item(
      "kind: multiple_choice\nmetrics: [choice_logprob, gold_prob]\n",
      #"{"prompt": "p", "choices": ["a", "b"], "answer": 0}"#)
    let values = item.measure(nats([-5000, -1]))
    #expect(values["choice_logprob"] == .value(-4999))
    #expect(values["gold_prob"] == .value(0))
  }

  @Test("multiple_choice accepts any of several answers, and digits of a template as an index")
  func answers() throws {
    let several = try item(
      "kind: multiple_choice\n", #"{"prompt": "p", "choices": ["a", "b", "c"], "answer": [0, "c"]}"#
    )
    #expect(several.measure(nats([-3, -2, -1]))["acc"] == .value(1))
    #expect(several.measure(nats([-3, -1, -2]))["acc"] == .value(0))
    let row = #"{"prompt": "p", "choices": ["1", "0"], "answer": "1"}"#
    let column = try item("kind: multiple_choice\nanswer: answer\n", row)
    #expect(column.measure(nats([-1, -2]))["acc"] == .value(1))
    let template = try item("kind: multiple_choice\nanswer: '{{answer}}'\n", row)
    #expect(template.measure(nats([-1, -2]))["acc"] == .value(0))
    let constant = try item("kind: multiple_choice\nanswer: 1\n", row)
    #expect(constant.measure(nats([-1, -2]))["acc"] == .value(0))
  }

  @Test("multiple_choice compares texts scalar by scalar")
  func scalars() throws {
    let item = try item(
      "kind: multiple_choice\n",
      #"{"prompt": "p", "choices": ["\u00e9", "e\u0301"], "answer": "e\u0301"}"#)
    #expect(item.measure(nats([-2, -1]))["acc"] == .value(1))
  }

  @Test("multiple_choice takes choices from the task file and prints numbers as Python")
  func literalChoices() throws {
    let item = try item(
      "kind: multiple_choice\nchoices: [\"yes\", true, 3, 4.0]\nprompt: '{{q}}?'\n",
      #"{"q": 1.0, "answer": 0}"#)
    #expect(
      item.requests
        == ["yes", "True", "3", "4.0"].map {
          .logLikelihood(context: "1.0?", continuation: " " + $0)
        })
  }

  @Test("loglikelihood scores the target without a delimiter")
  func loglikelihood() throws {
    let item = try item("kind: loglikelihood\n", #"{"prompt": "p", "answer": " x"}"#)
    #expect(item.requests == [.logLikelihood(context: "p", continuation: " x")])
    let values = item.measure(nats([-1.5], greedy: 0))
    #expect(values == ["perplexity": .value(-1.5), "acc": .value(1)])
  }

  @Test(
    "perplexity counts the pieces between white space",
    arguments: [
      ("a b", 2.0), ("", 1), (" a\\n\\n b ", 4), ("a\\u00a0b\\u001cc", 3), ("\\u200ba", 1),
    ])
  func words(text: String, words: Double) throws {
    let item = try item("kind: perplexity\n", "{\"text\": \"\(text)\"}")
    let values = item.measure([.rolling(nats: -7, tokens: 3)])
    #expect(values["word_perplexity"] == .ratio(numerator: -7, denominator: words))
  }

  @Test("perplexity counts bytes in UTF-8")
  func bytes() throws {
    let item = try item("kind: perplexity\n", #"{"text": "é€"}"#)
    let values = item.measure([.rolling(nats: -7, tokens: 3)])
    #expect(values["bits_per_byte"] == .ratio(numerator: -7, denominator: 5))
  }

  @Test(
    "generate strips only where asked to",
    arguments: [
      ("", "x y", 1.0), ("", " x y", 0), ("strip: true\n", " \u{1C}x y\n", 1),
      ("strip: true\n", "\u{200B}x y", 0),
    ])
  func strip(yaml: String, text: String, expected: Double) throws {
    let item = try item(yaml, #"{"prompt": "p", "answer": "x y"}"#)
    #expect(item.measure([.generation(text: text)]) == ["exact_match": .value(expected)])
    #expect(item.measure([.forced(text: text)]) == ["exact_match_forced": .value(expected)])
    #expect(item.measure([.forced(text: nil)]) == ["exact_match_forced": .value(0)])
  }

  @Test("generate overlooks what the metric's options say")
  func options() throws {
    let yaml = "metrics: {metric: exact_match, ignore_case: true, ignore_punctuation: true}\n"
    let item = try item(yaml, #"{"prompt": "p", "answer": "A-b."}"#)
    #expect(item.measure([.generation(text: "aB!")]) == ["exact_match": .value(1)])
    guard case .generation(_, _, _, let expected) = item.requests[0] else { return }
    #expect(expected == nil)
  }

  @Test("generate accepts any of several references, which cannot be proved")
  func references() throws {
    try TaskFixture.use { fixture in
      try fixture.write(
        "q.jsonl",
        #"{"prompt": "p", "answer": ["a", 2]}"# + "\n" + #"{"prompt": "p", "answer": "a"}"#)
      let task = try fixture.load("task: t\ndata: q.jsonl\nsplits: {search: 1}\n")
      #expect(!task.isProvable)
      #expect(task.decoding(.never) == .always)
      #expect(task.metrics(decoding: .never).map(\.name) == ["exact_match"])
      #expect(
        try task.items(in: .search)[0].measure([.generation(text: "2")])["exact_match"]
          == .value(1))
    }
  }

  @Test("generate drafts the answer with the delimiter, unless the prompt ends in white space")
  func drafts() throws {
    func expected(_ prompt: String, _ yaml: String) throws -> String? {
      let item = try item(yaml, "{\"prompt\": \"\(prompt)\", \"answer\": \"x\"}")
      guard case .generation(_, _, _, let expected) = item.requests[0] else { return nil }
      return expected
    }
    #expect(try expected("p", "strip: true\n") == " x")
    #expect(try expected("p ", "strip: true\n") == "x")
    #expect(try expected("p", "") == "x")
    #expect(try expected("p", "strip: true\ndelimiter: ''\n") == "x")
  }
}

import Foundation
import Tasks
import Testing

@Suite("Soft metrics") struct SoftMetricTests {
  private func items(_ yaml: String, _ row: String) throws -> (LoadedTask, TaskItem) {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", row)
      let task = try fixture.load("task: t\ndata: q.jsonl\nsplits: {search: 1}\n" + yaml)
      return (task, try task.items(in: .search)[0])
    }
  }

  private func close(_ value: ItemValue?, _ expected: Double) -> Bool {
    guard case .value(let value)? = value else { return false }
    return abs(value - expected) < 1e-12
  }

  @Test("of generate are the probability of the least probable token, and its log-odds")
  func generate() throws {
    let (task, item) = try items(
      "metrics: [soft_exact_match, exact_match, margin]\n", #"{"prompt": "p", "answer": "x"}"#)
    #expect(task.isProvable)
    let weakest = log(0.8)
    let never = item.measure([.forced(text: nil, weakest: weakest)])
    #expect(close(never["soft_exact_match"], 0.8))
    #expect(close(never["margin"], log(4)))
    #expect(never["exact_match_forced"] == .value(0))
    let decoded = item.measure([.generation(text: "x", weakest: weakest)])
    #expect(close(decoded["soft_exact_match"], 0.8))
    #expect(decoded["exact_match"] == .value(1))
    #expect(task.objective(decoding: .unproved).name == "soft_exact_match")
  }

  @Test("stay finite where a probability is 0 or 1")
  func bounds() throws {
    let (_, item) = try items(
      "metrics: [margin, soft_exact_match]\n", #"{"prompt": "p", "answer": "x"}"#)
    #expect(
      item.measure([.forced(text: nil, weakest: 0)])
        == ["margin": .value(36), "soft_exact_match": .value(1)])
    #expect(
      item.measure([.forced(text: nil, weakest: -.infinity)])
        == ["margin": .value(-36), "soft_exact_match": .value(0)])
  }

  @Test("alone need no decoding; beside a text that must be decoded they keep their draft")
  func decoding() throws {
    let row = #"{"prompt": "p", "answer": "x"}"#
    let (alone, _) = try items("metrics: [soft_exact_match]\n", row)
    #expect(alone.decoding(.unproved) == .never)
    #expect(!alone.metrics(decoding: .never).isEmpty)
    let (both, item) = try items("metrics: [f1, soft_exact_match]\n", row)
    #expect(both.decoding(.never) == .always)
    #expect(both.needsForcedPass)
    guard case .generation(_, _, _, let expected) = item.requests[0] else { return }
    #expect(expected == " x" || expected == "x")
  }

  @Test("of multiple_choice squash the margin between the best right and the best wrong choice")
  func choices() throws {
    let (_, item) = try items(
      "kind: multiple_choice\nmetrics: [soft_acc]\n",
      #"{"prompt": "p", "choices": ["a", "b", "c"], "answer": 1}"#)
    func value(_ nats: [Double]) -> ItemValue? {
      item.measure(nats.map { .logLikelihood(nats: $0, tokens: 1, isGreedy: false) })["soft_acc"]
    }
    #expect(close(value([-2, -1, -9]), 1 / (1 + exp(-1))))
    #expect(close(value([-1, -1, -1]), 0.5))
    #expect(close(value([-1, -2000, -3]), 0))
  }

  @Test(
    "are refused where the text is not compared as it is",
    arguments: [
      (
        "metrics: [soft_exact_match]\n", #"{"prompt": "p", "answer": ["a", "b"]}"#,
        "needs a single right answer, but there are 2"
      ),
      (
        "metrics: [margin]\nextract: [{name: n, regex: '(.*)'}]\n",
        #"{"prompt": "p", "answer": "a"}"#, "but filters change it"
      ),
    ])
  func refused(yaml: String, row: String, problem: String) throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", row)
      let message = fixture.message {
        _ = try fixture.load("task: t\ndata: q.jsonl\nsplits: {search: 1}\n" + yaml)
      }
      #expect(message?.contains(problem) == true, "\(message ?? "no message")")
    }
  }

  @Test("a search may tell its optimizer another metric than the task is judged by")
  func telling() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "p", "answer": "x"}"#)
      try fixture.write("task.yaml", "task: t\ndata: q.jsonl\nsplits: {search: 1}\n")
      let file = try TaskFile.read(path: fixture.path("task.yaml"))
      let told = try LoadedTask.load(try file.telling("soft_exact_match", at: "s.yaml:3"))
      #expect(told.toldMetric(decoding: .never).name == "soft_exact_match")
      #expect(told.objective(decoding: .never).name == "exact_match_forced")
      #expect(told.objective(decoding: .unproved).name == "exact_match")
      let same = try LoadedTask.load(try file.telling("exact_match", at: "s.yaml:3"))
      #expect(same.toldMetric(decoding: .never).name == "exact_match_forced")
      #expect(
        fixture.message { _ = try file.telling("soft_acc", at: "s.yaml:3") }
          == """
          s.yaml:3: unknown metric of generate 'soft_acc'
            fix: use one of: exact_match, f1, soft_exact_match, margin
          """)
    }
  }

  @Test("the worst task is the lowest score with its error; the mean weighs")
  func aggregates() {
    let scores = [
      Score(value: 0.5, standardError: 0.03, count: 4),
      Score(value: 0.2, standardError: 0.04, count: 6),
    ]
    #expect(
      TaskAggregate.worst.score(scores, weights: [3, 1])
        == Score(value: 0.2, standardError: 0.04, count: 10))
    let mean = TaskAggregate.mean.score(scores, weights: [1, 1])
    #expect(abs(mean.value - 0.35) < 1e-12)
    #expect(mean.standardError.map { abs($0 - 0.025) < 1e-12 } == true)
  }

  @Test("only shares of a hit are of one scale")
  func scales() {
    #expect(Metric("acc").scale == Metric("soft_exact_match").scale)
    #expect(Metric("acc").scale == Metric("exact_match,strict").scale)
    #expect(Metric("acc").scale != Metric("margin").scale)
    #expect(Metric("acc").scale != Metric("perplexity", .perplexity, higherIsBetter: false).scale)
    #expect(Metric("acc").scale != Metric("brier_score", higherIsBetter: false).scale)
  }
}

import Checkpoints
import Documents
import Evaluation
import Foundation
import Inference
import Kernels
import Tasks
import Testing
import Tokenization

/// The first 50 search items of every demo benchmark against lm-evaluation-harness 0.4.13 (float32).
///
/// Log-likelihoods agree within 1e-3 nats: single precision in another order of summation.
@Suite("Scores of lm-evaluation-harness") struct GoldenEvaluationTests {
  static let skills = ["arith", "numerals", "letters", "wordmath"]

  static func golden(_ model: String) throws -> JSONValue {
    try JSONValue.read(
      path: "\(Demo.root)/Tests/EvaluationTests/Golden/demo-\(model).json")
  }

  static func evaluation(_ model: String, decode: DecodeMode) throws -> ModelEvaluation {
    let names = skills.map { $0 + "_mc" } + skills.map { $0 + "_gen" } + ["text_ppl"]
    return try Demo.evaluate(
      model, tasks: names, items: Array(repeating: Array(0..<50), count: names.count),
      decode: decode)
  }

  @Test(
    "are reached on the demo family", arguments: ["base", "expert-numerals"], [DecodeMode.always])
  func agree(model: String, decode: DecodeMode) throws {
    let golden = try Self.golden(model)
    let evaluation = try Self.evaluation(model, decode: decode)
    for task in evaluation.tasks {
      let expected = try #require(golden["demo_" + task.task])
      let items = try #require(expected["items"]?.array)
      #expect(items.count == task.items.count)
      for (item, expected) in zip(task.items, items) {
        #expect(item.itemID == expected["id"]?.string)
        try compare(item, expected)
      }
      for metric in task.metrics {
        guard let value = expected["metrics"]?[metric.name.rawValue]?.double else { continue }
        let score = try #require(task.scores[metric.name]?.value)
        #expect(abs(score - value) <= 1e-4 * max(1, abs(value)), "\(task.task) \(metric.name)")
      }
    }
  }

  private func compare(_ item: ItemResult, _ expected: JSONValue) throws {
    switch item.detail {
    case .choices(let choices, _):
      let nats = try #require(expected["loglikelihoods"]?.array).compactMap(\.double)
      let greedy = try #require(expected["is_greedy"]?.array).compactMap(\.bool)
      #expect(choices.count == nats.count)
      for (choice, (nats, isGreedy)) in zip(choices, zip(nats, greedy)) {
        #expect(abs(choice.nats - nats) <= 1e-3, "\(item.itemID)")
        #expect(choice.isGreedy == isGreedy, "\(item.itemID)")
      }
      #expect(item.values["acc"] == expected["acc"]?.double.map(ItemValue.value))
      #expect(item.values["acc_norm"] == expected["acc_norm"]?.double.map(ItemValue.value))
    case .text(let scored):
      let nats = try #require(expected["loglikelihood"]?.double)
      #expect(abs(scored.nats - nats) <= 1e-3, "\(item.itemID)")
      #expect(scored.tokenCount == expected["tokens_scored"]?.integer)
      #expect(item.values["bits_per_byte"]?.denominator == expected["bytes"]?.double)
      #expect(item.values["word_perplexity"]?.denominator == expected["words"]?.double)
    case .generation(let text, _):
      #expect(text == expected["raw"]?.string, "\(item.itemID)")
      #expect(item.values["exact_match"] == expected["exact_match"]?.double.map(ItemValue.value))
    case .continuation:
      Issue.record("\(item.itemID) is of no demo task's kind")
    }
  }
}

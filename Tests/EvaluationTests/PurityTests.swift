import Checkpoints
import Inference
import Kernels
import Tasks
import Testing

@testable import Evaluation

@Suite("A result is a pure function of model, item and precision") struct PurityTests {
  static let precisions: [Precision] = Precision.fastest() == .bf16 ? [.f32, .bf16] : [.f32]
  private static let models = ["base", "expert-arith", "expert-numerals", "expert-letters"]
  private static let tasks = ["arith_mc", "text_ppl", "letters_gen"]
  private static let items = [[3, 1, 4, 15, 9], [2, 6], [5, 35, 8, 97]]

  /// Results of all items, by model, task and item id.
  private func results(
    _ models: [String], items: [[Int]] = Self.items, precision: Precision, threads: Int,
    memory: Int
  ) throws -> [String: ItemResult] {
    let evaluator = try Demo.evaluator(Self.tasks).using(
      try InferenceEngine(pool: WorkerPool(threads: threads), precision: precision))
    let prepared = try evaluator.prepare([.search], decode: .unproved, items: items)
    let sources = try models.map { try Demo.checkpoint($0) }
    let evaluations = try evaluator.evaluate(sources, on: prepared, memory: memory)
    var results: [String: ItemResult] = [:]
    for (model, evaluation) in zip(models, evaluations) {
      for task in try evaluation.get().tasks {
        for item in task.items { results["\(model) \(task.task) \(item.itemID)"] = item }
      }
    }
    return results
  }

  @Test(
    "whatever the threads, the waves and the order of candidates and items", arguments: precisions)
  func company(precision: Precision) throws {
    let expected = try results(Self.models, precision: precision, threads: 2, memory: 1 << 30)
    #expect(expected.count == Self.models.count * 11)
    let reversedItems = Self.items.map { Array($0.reversed()) }
    for (threads, memory) in [(1, 1 << 30), (3, 40 << 20), (2, 0)] {
      let others = try results(
        Self.models.reversed(), items: reversedItems, precision: precision, threads: threads,
        memory: memory)
      #expect(others == expected, "\(threads) threads, \(memory) bytes")
    }
  }

  @Test("of a candidate and an item alone", arguments: precisions)
  func alone(precision: Precision) throws {
    let together = try results(Self.models, precision: precision, threads: 2, memory: 1 << 30)
    let alone = try results(
      ["expert-letters"], items: [[15], [6], [97]], precision: precision, threads: 1,
      memory: 1 << 30)
    #expect(alone.count == 3)
    for (key, result) in alone { #expect(together[key] == result, "\(key)") }
  }
}

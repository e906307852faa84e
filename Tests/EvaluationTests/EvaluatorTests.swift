import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Inference
import Kernels
import Tasks
import Tensors
import Testing
import Tokenization

@Suite("The evaluator") struct EvaluatorTests {
  static let generated = ["arith_gen", "numerals_gen", "letters_gen", "wordmath_gen"]

  @Test(
    "scores unproved items as always decoding does, item by item",
    arguments: ["base", "expert-arith", "expert-letters"])
  func unproved(model: String) throws {
    let items = Array(repeating: Array(0..<60), count: Self.generated.count)
    let always = try Demo.evaluate(model, tasks: Self.generated, items: items, decode: .always)
    let unproved = try Demo.evaluate(model, tasks: Self.generated, items: items, decode: .unproved)
    let never = try Demo.evaluate(model, tasks: Self.generated, items: items, decode: .never)
    #expect(always.tasks.allSatisfy { $0.decodedItems == 60 })
    #expect(unproved.computedTokens < always.computedTokens + unproved.requestedTokens)
    for ((always, unproved), never) in zip(zip(always.tasks, unproved.tasks), never.tasks) {
      var differences = 0
      for ((always, unproved), never) in zip(zip(always.items, unproved.items), never.items) {
        #expect(always.values == unproved.values, "\(always.itemID)")
        guard case .generation(let text, _) = always.detail,
          case .generation(let proved, let evidence) = unproved.detail
        else {
          Issue.record("\(always.itemID) is no text")
          continue
        }
        #expect(text == proved, "\(always.itemID), \(evidence)")
        let forced = never.values["exact_match_forced"]
        if evidence == .proved {
          #expect(forced == always.values["exact_match"])
        } else {
          #expect(forced == .value(0))
          if always.values["exact_match"] != .value(0) { differences += 1 }
        }
      }
      #expect(unproved.forcedDifferences == differences)
      #expect(unproved.decodedItems < 60)
      #expect(never.decodedItems == 0 && never.forcedDifferences == 0)
      #expect(never.objective.name == "exact_match_forced")
    }
  }

  @Test("finds the soft score of the draft, however the text becomes known")
  func soft() throws {
    let file = try TaskFile.read(path: Demo.task("letters_gen")).telling(
      "soft_exact_match", at: "test")
    let evaluator = Evaluator(
      tasks: [try LoadedTask.load(file)], tokenizer: try Demo.tokenizer(), maximumLength: 256,
      engine: try InferenceEngine(pool: WorkerPool(threads: 2)))
    let results = try [DecodeMode.never, .unproved, .always].map { mode in
      let prepared = try evaluator.prepare(
        [.search], decode: mode, tellsOptimizer: true, items: [Array(0..<40)])
      #expect(prepared.tasks[0].objective.name == "soft_exact_match")
      return try evaluator.evaluate(
        [try Demo.checkpoint("expert-arith")], on: prepared, memory: 1 << 30)[0].get().tasks[0]
    }
    var wrong = 0
    for (never, (unproved, always)) in zip(
      results[0].items, zip(results[1].items, results[2].items))
    {
      let soft = try #require(never.values["soft_exact_match"]?.numerator)
      #expect((0...1).contains(soft))
      #expect(unproved.values == always.values)
      #expect(unproved.values["soft_exact_match"] == never.values["soft_exact_match"])
      // More than half at every token is the most probable token everywhere.
      if soft > 0.5 { #expect(always.values["exact_match"] == .value(1)) }
      if always.values["exact_match"] == .value(0) {
        #expect(soft < 0.5 + 1e-9)
        wrong += 1
      }
    }
    #expect(wrong > 0 && wrong < 40)
    #expect(results[1].forcedDifferences <= results[1].decodedItems)
  }

  @Test("gives the same bits for an item alone, in another order and in a batch")
  func independence() throws {
    let names = ["arith_mc", "text_ppl", "letters_gen"]
    let whole = try Demo.evaluate(
      "base", tasks: names, items: [[3, 1, 4, 5], [9, 2], [6, 5, 3]], decode: .unproved, threads: 2)
    let alone = try Demo.evaluate(
      "base", tasks: names, items: [[4], [9], [3]], decode: .unproved, threads: 1)
    #expect(alone.tasks[0].items[0] == whole.tasks[0].items[2])
    #expect(alone.tasks[1].items[0] == whole.tasks[1].items[0])
    #expect(alone.tasks[2].items[0] == whole.tasks[2].items[2])
    let evaluator = try Demo.evaluator(names, threads: 2)
    let prepared = try evaluator.prepare(
      [.search], decode: .unproved, items: [[3, 1, 4, 5], [9, 2], [6, 5, 3]])
    let batch = try evaluator.evaluate(
      [try Demo.checkpoint("expert-arith"), try Demo.checkpoint("base")], on: prepared,
      memory: 1 << 30)
    #expect(try batch[1].get().tasks.map(\.items) == whole.tasks.map(\.items))
  }

  @Test("joins blocks of items to the scores of the whole")
  func blocks() throws {
    let evaluator = try Demo.evaluator(["arith_mc"])
    let source = try Demo.checkpoint("base")
    func evaluate(_ positions: Range<Int>) throws -> ModelEvaluation {
      let prepared = try evaluator.prepare([.search], items: [Array(positions)])
      return try evaluator.evaluate([source], on: prepared, memory: 1 << 30)[0].get()
    }
    let whole = try evaluate(0..<20)
    let parts = [try evaluate(0..<7), try evaluate(7..<20)]
    let joined = TaskResult.joining(parts.map { $0.tasks[0] })
    #expect(joined.items == whole.tasks[0].items)
    #expect(joined.scores == whole.tasks[0].scores)
    #expect(parts.reduce(0) { $0 + $1.requestedTokens } == whole.requestedTokens)
  }

  @Test("counts tokens before and after sharing prefixes")
  func tokens() throws {
    let evaluator = try Demo.evaluator(["arith_mc"])
    let prepared = try evaluator.prepare([.search], items: [[0]])
    let task = prepared.tasks[0]
    #expect(task.itemTokens == [prepared.requestedTokens])
    #expect(prepared.forestTokens < prepared.requestedTokens)
    #expect(!prepared.mayDecode)
    let generation = try Demo.evaluator(["arith_gen"])
    #expect(try generation.prepare([.test]).mayDecode)
    #expect(try !generation.prepare([.search]).mayDecode)
    #expect(try generation.prepare([.search]).tasks[0].decoding == .never)
    #expect(try generation.prepare(Split.allCases).tasks[0].decoding == .unproved)
    #expect(try generation.prepare(Split.allCases).tasks[0].items.count == 800)
  }

  @Test("fails a source with values that are not finite, and scores the others")
  func brokenSource() throws {
    let evaluator = try Demo.evaluator(["arith_mc"])
    let prepared = try evaluator.prepare([.search], items: [[0, 1]])
    let sound = try Demo.checkpoint("base")
    let results = try evaluator.evaluate(
      [sound, BrokenWeights(sound: sound), sound], on: prepared, memory: 1 << 30)
    #expect(try results[0].get().tasks[0].items == results[2].get().tasks[0].items)
    let failure = #expect(throws: Diagnostic.self) { try results[1].get() }
    #expect(failure?.problem.isEmpty == false)
  }

  @Test("pairs the items of two candidates, and refuses unlike ones")
  func pairing() throws {
    let items = [Array(0..<40)]
    let base = try Demo.evaluate("base", tasks: ["arith_gen"], items: items, decode: .unproved)
    let expert = try Demo.evaluate(
      "expert-arith", tasks: ["arith_gen"], items: items, decode: .unproved)
    let stratum = try expert.tasks[0].paired(with: base.tasks[0], weight: 1)
    let difference = PairedBootstrap(seed: 1, level: 0.95, replicates: 500).compare([stratum])
    #expect(difference.value == expert.tasks[0].score.value - base.tasks[0].score.value)
    #expect(difference.lower > 0)
    let other = try Demo.evaluate(
      "base", tasks: ["arith_gen"], items: [Array(1..<41)], decode: .unproved)
    #expect(throws: Diagnostic.self) { try expert.tasks[0].paired(with: other.tasks[0], weight: 1) }
  }

  @Test("combines tasks by weight, with the errors of independent sets of items")
  func headline() throws {
    let evaluation = try Demo.evaluate(
      "base", tasks: ["arith_mc", "text_ppl"], items: [Array(0..<20), Array(0..<5)],
      decode: .unproved)
    let headline = evaluation.headline(weights: [3, 1])
    let scores = evaluation.tasks.map(\.score)
    #expect(abs(headline.value - (0.75 * scores[0].value - 0.25 * scores[1].value)) < 1e-15)
    let errors = scores.map { $0.standardError ?? 0 }
    let variance = 0.75 * 0.75 * errors[0] * errors[0] + 0.25 * 0.25 * errors[1] * errors[1]
    #expect(abs((headline.standardError ?? 0) - variance.squareRoot()) < 1e-15)
    #expect(evaluation.mean == nil)
  }
}

/// A model one of whose norms holds a NaN.
private struct BrokenWeights: WeightSource {
  let sound: Checkpoint

  var config: ConfigFile { sound.config }
  var tensorNames: [TensorName] { sound.tensorNames }
  func description(of name: TensorName) -> TensorDescription? { sound.description(of: name) }

  func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    try sound.read(name, elements: elements, into: &destination)
    if name == "model.layers.1.input_layernorm.weight" { destination[0] = .nan }
  }
}

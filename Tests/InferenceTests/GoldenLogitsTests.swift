import Checkpoints
import Diagnostics
import Kernels
import TestSupport
import Testing

@testable import Inference

/// Golden values: transformers 5.23.0, float32; see Tests/Golden/architectures/README.md.
@Suite("Logits against transformers")
struct GoldenLogitsTests {
  @Test("agree within 1e-4 of the largest logit", arguments: GoldenModel.names)
  func logits(name: String) throws {
    let model = try GoldenModel(name)
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    let logits = try engine.logits(model.sequences, source: model.checkpoint)
    for (computed, expected) in zip(logits, model.logits) {
      try #require(computed.count == expected.count)
      let largest = expected.map { abs(Double($0)) }.max() ?? 0
      let difference = zip(computed, expected).map { abs(Double($0) - Double($1)) }.max() ?? 0
      #expect(difference <= min(1e-4 * largest, model.tolerance))
    }
  }

  @Test("agree for the options of every family", arguments: GoldenModel.variations)
  func variations(name: String) throws {
    let model = try GoldenModel(name, in: "variations")
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    let logits = try engine.logits(model.sequences, source: model.checkpoint)
    for (computed, expected) in zip(logits, model.logits) {
      try #require(computed.count == expected.count)
      let largest = expected.map { abs(Double($0)) }.max() ?? 0
      let difference = zip(computed, expected).map { abs(Double($0) - Double($1)) }.max() ?? 0
      #expect(difference <= 2e-5 * largest)
    }
  }

  @Test(
    "generate what a forced pass finds most likely, for the options of every family",
    arguments: GoldenModel.variations)
  func variationsGenerate(name: String) throws {
    let model = try GoldenModel(name, in: "variations")
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    let prompts = model.sequences.filter { $0.count < 10 }
    let responses = try engine.load(model.checkpoint).generate(
      prompts.map { GenerationRequest(prompt: $0, limit: 6, endTokens: []) })
    let texts = zip(prompts, responses).map { $0 + $1.tokens }
    let logits = try engine.logits(texts, source: model.checkpoint)
    let vocabulary = model.logits[0].count / model.sequences[0].count
    for ((prompt, text), values) in zip(zip(prompts, texts), logits) {
      for position in prompt.count..<text.count {
        let row = values[(position - 1) * vocabulary..<position * vocabulary]
        #expect(row[row.startIndex + text[position]] == row.max())
      }
    }
  }

  @Test(
    "sequences that rotate in their own way are refused where prefixes are shared",
    arguments: [("llama_dynamic", 32), ("phi3_longrope", 16)])
  func unsteadyLengths(name: String, steady: Int) throws {
    let model = try GoldenModel(name, in: "variations")
    let engine = try InferenceEngine(pool: WorkerPool(threads: 1))
    func score(_ length: Int) throws -> Diagnostic? {
      var forest = TokenForest()
      _ = forest.insert([Int](repeating: 5, count: length + 1), scoring: length..<length + 1)
      do {
        _ = try engine.score(forest, sources: [model.checkpoint], memory: 1 << 30)[0].get()
        return nil
      } catch let problem as Diagnostic {
        return problem
      }
    }
    #expect(try score(steady) == nil)
    #expect(
      try score(steady + 1)?.problem.hasPrefix(
        "a sequence of \(steady + 1) tokens is longer than the \(steady) up to which") == true)
    #expect(throws: Diagnostic.self) {
      try engine.load(model.checkpoint).generate([
        GenerationRequest(
          prompt: [Int](repeating: 5, count: steady - 1), limit: 4, endTokens: [])
      ])
    }
  }

  @Test(
    "score the reference's greedy continuation as the most likely one", arguments: GoldenModel.names
  )
  func greedyScores(name: String) throws {
    let model = try GoldenModel(name)
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    var forest = TokenForest()
    let greedy = zip(model.sequences, model.greedy).map { sequence, continuation in
      forest.insert(
        sequence + continuation,
        scoring: sequence.count..<sequence.count + continuation.count)
    }
    let last = model.sequences.map { forest.insert($0, scoring: $0.count - 4..<$0.count) }
    let results = try engine.score(forest, sources: [model.checkpoint], memory: 1 << 30)[0].get()
    #expect(greedy.allSatisfy { $0.allSatisfy { results[$0].isArgmax } })
    for (probes, expected) in zip(last, model.lastLogProbabilities) {
      let sum = probes.reduce(0) { $0 + results[$1].logProbability }
      #expect(abs(sum - expected) <= 1e-3)
    }
  }

  @Test("agree between the backends", arguments: GoldenModel.names)
  func backends(name: String) throws {
    let model = try GoldenModel(name)
    let both = try GemmBackend.available.compactMap { backend in
      // OpenBLAS's kernels for some processors depend on positions; then there is no second opinion.
      let engine = try InferenceEngine(pool: WorkerPool(threads: 2), backend: backend)
      return try? engine.logits(model.sequences, source: model.checkpoint)
    }
    for other in both.dropFirst() {
      for (one, two) in zip(both[0], other) {
        let largest = one.map(abs).max() ?? 0
        #expect(zip(one, two).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
      }
    }
  }
}

import Checkpoints
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

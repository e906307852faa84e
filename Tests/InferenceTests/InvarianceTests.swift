import Checkpoints
import Documents
import Kernels
import TestSupport
import Testing

@testable import Inference

/// Requests of a small benchmark: shared prefixes, several continuations each.
private struct Requests {
  let sequences: [(tokens: [Int], scoring: Range<Int>)]

  init(seed: Int, vocabulary: Int = 32) {
    func token(_ index: Int) -> Int { (index &* 7919 &+ seed &* 104_729) & 0xFFFF % vocabulary }
    sequences = (0..<40).map { item in
      let shots = (0..<6).map { token($0) % vocabulary }
      let question = (0..<(3 + item % 9)).map { token(100 + item / 4 * 16 + $0) % vocabulary }
      let choice = (0..<(1 + item % 4)).map { token(5000 + item * 8 + $0) % vocabulary }
      let context = shots + question
      return (context + choice, context.count..<context.count + choice.count)
    }
  }
}

private func scores(
  _ sequences: [(tokens: [Int], scoring: Range<Int>)], sources: [any WeightSource],
  precision: Precision = .f32, threads: Int = 2, memory: Int = 1 << 30
) throws -> [[[ProbeResult]]] {
  var forest = TokenForest()
  let probes = sequences.map { forest.insert($0.tokens, scoring: $0.scoring) }
  let engine = try InferenceEngine(pool: WorkerPool(threads: threads), precision: precision)
  return try engine.score(forest, sources: sources, memory: memory).map { outcome in
    let results = try outcome.get()
    return probes.map { $0.map { results[$0] } }
  }
}

/// The precisions of this machine.
let precisions = Precision.allCases.filter { $0 == .f32 || Precision.fastest() == $0 }

@Suite("A result is a pure function of weights, tokens and precision")
struct InvarianceTests {
  private let models: [any WeightSource] = [
    MemoryWeights(TinyModel(.llama, seed: 1)), MemoryWeights(TinyModel(.llama, seed: 2)),
    MemoryWeights(TinyModel(.qwen2, seed: 3)),
  ]

  @Test("of an item alone, among others, and in another order", arguments: 0..<4, precisions)
  func company(seed: Int, precision: Precision) throws {
    func scores(
      _ requests: [(tokens: [Int], scoring: Range<Int>)], sources: [any WeightSource]
    ) throws -> [[[ProbeResult]]] {
      try InferenceTests.scores(requests, sources: sources, precision: precision)
    }
    let requests = Requests(seed: seed).sequences
    let together = try scores(requests, sources: [models[0]])[0]
    let reversed = try scores(requests.reversed(), sources: [models[0]])[0]
    #expect(Array(reversed.reversed()) == together)
    for index in stride(from: 0, to: requests.count, by: 7) {
      #expect(try scores([requests[index]], sources: [models[0]])[0] == [together[index]])
    }
  }

  @Test("whatever the number of workers", arguments: [1, 3, 5], precisions)
  func threads(count: Int, precision: Precision) throws {
    let requests = Requests(seed: 9).sequences
    #expect(
      try scores(requests, sources: [models[0]], precision: precision, threads: count)
        == scores(requests, sources: [models[0]], precision: precision, threads: 2))
  }

  @Test(
    "whatever other sources are scored, in any order, and however memory cuts the work",
    arguments: precisions)
  func batches(precision: Precision) throws {
    let requests = (0..<20).flatMap { Requests(seed: $0).sequences }
    let together = try scores(requests, sources: models, precision: precision)
    for (index, model) in models.enumerated() {
      #expect(
        try scores(requests, sources: [model], precision: precision)[0] == together[index])
    }
    let reversed = try scores(requests, sources: models.reversed(), precision: precision)
    #expect(Array(reversed.reversed()) == together)
    // From one block of rows at a time to everything at once.
    for memory in [0, 10 << 20, 12 << 20, 20 << 20] {
      #expect(
        try scores(requests, sources: models, precision: precision, memory: memory) == together)
    }
  }

  @Test("whatever other tokens of a sequence are scored", arguments: precisions)
  func scoredTokens(precision: Precision) throws {
    let requests = Requests(seed: 7).sequences
    let some = try scores(requests, sources: models, precision: precision)
    let all = try scores(
      requests.map { ($0.tokens, 1..<$0.tokens.count) }, sources: models, precision: precision)
    for (some, all) in zip(some, all) {
      for (index, results) in some.enumerated() {
        #expect(Array(all[index].suffix(results.count)) == results)
      }
    }
  }

  @Test("in bf16 near to f32, and not equal to it", .enabled(if: precisions.contains(.bf16)))
  func precision() throws {
    let requests = Requests(seed: 5).sequences
    let reference = try scores(requests, sources: models).joined().joined()
    let rounded = try scores(requests, sources: models, precision: .bf16).joined().joined()
    let differences = zip(reference, rounded).map { abs($0.logProbability - $1.logProbability) }
    #expect((differences.max() ?? 1) < 0.1)
    #expect(differences.contains { $0 > 0 })
  }

  @Test("the same whether a prefix is shared or not, with a window too")
  func windows() throws {
    var model = TinyModel(.mistral, seed: 4)
    model.setConfig("sliding_window", .number("5"))
    let source = MemoryWeights(model)
    let requests = Requests(seed: 3).sequences
    let together = try scores(requests, sources: [source])[0]
    for index in stride(from: 0, to: requests.count, by: 5) {
      #expect(try scores([requests[index]], sources: [source])[0] == [together[index]])
    }
  }
}

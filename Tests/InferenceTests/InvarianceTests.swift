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
  threads: Int = 2,
  memory: Int = 1 << 30
) throws -> [[[ProbeResult]]] {
  var forest = TokenForest()
  let probes = sequences.map { forest.insert($0.tokens, scoring: $0.scoring) }
  let engine = try InferenceEngine(pool: WorkerPool(threads: threads))
  return try engine.score(forest, sources: sources, memory: memory).map { outcome in
    let results = try outcome.get()
    return probes.map { $0.map { results[$0] } }
  }
}

@Suite("A result is a pure function of weights and tokens")
struct InvarianceTests {
  private let models: [any WeightSource] = [
    MemoryWeights(TinyModel(.llama, seed: 1)), MemoryWeights(TinyModel(.llama, seed: 2)),
    MemoryWeights(TinyModel(.qwen2, seed: 3)),
  ]

  @Test("of an item alone, among others, and in another order", arguments: 0..<4)
  func company(seed: Int) throws {
    let requests = Requests(seed: seed).sequences
    let together = try scores(requests, sources: [models[0]])[0]
    let reversed = try scores(requests.reversed(), sources: [models[0]])[0]
    #expect(Array(reversed.reversed()) == together)
    for index in stride(from: 0, to: requests.count, by: 7) {
      #expect(try scores([requests[index]], sources: [models[0]])[0] == [together[index]])
    }
  }

  @Test("whatever the number of workers", arguments: [1, 3, 5])
  func threads(count: Int) throws {
    let requests = Requests(seed: 9).sequences
    #expect(
      try scores(requests, sources: [models[0]], threads: count)
        == scores(requests, sources: [models[0]], threads: 2))
  }

  @Test("whatever other sources are scored, and however memory cuts the work")
  func batches() throws {
    let requests = (0..<20).flatMap { Requests(seed: $0).sequences }
    let together = try scores(requests, sources: models)
    for (index, model) in models.enumerated() {
      #expect(try scores(requests, sources: [model])[0] == together[index])
    }
    #expect(try scores(requests, sources: models, memory: 0) == together)
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

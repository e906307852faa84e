import Checkpoints
import Diagnostics
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Inference

@Suite("Errors of the forward pass")
struct ScoringErrorTests {
  private func outcome(
    _ model: TinyModel, _ tokens: [Int] = [1, 2, 3, 4]
  ) throws -> Result<[ProbeResult], Diagnostic> {
    var forest = TokenForest()
    _ = forest.insert(tokens, scoring: 1..<tokens.count)
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    return try engine.score(
      forest, sources: [MemoryWeights(model, location: "m/config.json")], memory: 1 << 30)[0]
  }

  @Test(
    "name the tensor that is not finite",
    arguments: [
      "model.layers.1.mlp.up_proj.weight", "model.layers.0.input_layernorm.weight",
      "model.norm.weight", "model.embed_tokens.weight", "lm_head.weight",
    ])
  func notFinite(name: String) throws {
    for bad in [Float.nan, .infinity] {
      var model = TinyModel()
      let tensor = try #require(model[name])
      model.setTensor(
        TestTensor(
          name, .f32, tensor.description.shape.dimensions,
          tensor.values.map { _ in bad }))
      #expect(
        try outcome(model)
          == .failure(
            Diagnostic(
              "tensor '\(name)' holds values that are not finite", at: "m",
              fix: "check the models it comes from, and the weights of the merge")))
    }
  }

  @Test("tell of an overflow in the first layer where it happens")
  func overflow() throws {
    var model = TinyModel()
    let name = "model.layers.1.mlp.down_proj.weight"
    let tensor = try #require(model[name])
    model.setTensor(
      TestTensor(name, .f32, tensor.description.shape.dimensions, tensor.values.map { $0 * 3e38 }))
    let up = "model.layers.1.mlp.up_proj.weight"
    let other = try #require(model[up])
    model.setTensor(
      TestTensor(up, .f32, other.description.shape.dimensions, other.values.map { $0 * 1e20 }))
    #expect(
      try outcome(model)
        == .failure(
          Diagnostic(
            "layer 1 overflows: its results are not finite, though its weights are", at: "m",
            fix: "use smaller weights in the merge")))
  }

  @Test("refuse tokens outside of the vocabulary", arguments: [32, 1 << 40, -1])
  func vocabulary(token: Int) throws {
    #expect(
      try outcome(TinyModel(), [1, token, 2])
        == .failure(
          Diagnostic(
            "token id \(token) is outside of the model's vocabulary of 32", at: "m",
            fix: "use the tokenizer that belongs to the model")))
  }

  @Test("refuse sequences that are longer than the model's positions")
  func length() throws {
    #expect(try outcome(TinyModel(), (0..<65).map { $0 % 32 }).map(\.count) == .success(64))
    #expect(
      try outcome(TinyModel(), (0..<66).map { $0 % 32 })
        == .failure(
          Diagnostic(
            "a sequence of 65 tokens is longer than the model's 64 positions", at: "m",
            fix: "shorten the prompts, use fewer shots, or limit the context length")))
  }

  @Test("fail one source and score the others")
  func others() throws {
    var broken = TinyModel(seed: 1)
    broken.removeTensor("model.norm.weight")
    var forest = TokenForest()
    _ = forest.insert([1, 2, 3], scoring: 1..<3)
    let engine = try InferenceEngine(pool: WorkerPool(threads: 2))
    let good = MemoryWeights(TinyModel(seed: 2))
    let outcomes = try engine.score(
      forest, sources: [good, MemoryWeights(broken, location: "b/config.json"), good],
      memory: 1 << 30)
    #expect(try outcomes[0].get() == outcomes[2].get())
    #expect(
      outcomes[1]
        == .failure(
          Diagnostic(
            "tensor 'model.norm.weight' is missing", at: "b",
            fix: "download the checkpoint again; its config.json asks for this tensor")))
  }

  @Test("stop when the task is cancelled")
  func cancellation() async throws {
    let engine = try InferenceEngine(pool: WorkerPool(threads: 1))
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      var forest = TokenForest()
      _ = forest.insert([1, 2, 3], scoring: 1..<3)
      return try engine.score(
        forest, sources: [MemoryWeights(TinyModel())], memory: 1 << 30)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("score an empty forest as nothing")
  func empty() throws {
    let engine = try InferenceEngine(pool: WorkerPool(threads: 1))
    let outcomes = try engine.score(
      TokenForest(), sources: [MemoryWeights(TinyModel())], memory: 1 << 30)
    #expect(try outcomes[0].get().isEmpty)
  }

  @Test("a tied model uses its embedding, whatever head is stored")
  func tiedHead() throws {
    let tied = TinyModel(tied: true, seed: 5)
    var stray = tied
    let embedding = try #require(tied["model.embed_tokens.weight"])
    stray.setTensor(
      TestTensor(
        "lm_head.weight", .f32, embedding.description.shape.dimensions,
        embedding.values.map { $0 + 1 }))
    #expect(try outcome(tied).get() == outcome(stray).get())
  }
}

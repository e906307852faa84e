import Diagnostics
import Documents
import Tensors
import Testing

@testable import Architectures

@Suite("Weights of a configuration")
struct WeightSpecTests {
  @Test("lists a Llama model in the order of the computation")
  func order() throws {
    let weights = try configuration([("num_hidden_layers", .number("1"))]).weights
    #expect(
      weights.map { "\($0.name) \($0.shape) \($0.role)" } == [
        "model.embed_tokens.weight [256, 48] embedding",
        "model.layers.0.input_layernorm.weight [48] norms",
        "model.layers.0.self_attn.q_proj.weight [48, 48] attention",
        "model.layers.0.self_attn.k_proj.weight [24, 48] attention",
        "model.layers.0.self_attn.v_proj.weight [24, 48] attention",
        "model.layers.0.self_attn.o_proj.weight [48, 48] attention",
        "model.layers.0.post_attention_layernorm.weight [48] norms",
        "model.layers.0.mlp.gate_proj.weight [96, 48] mlp",
        "model.layers.0.mlp.up_proj.weight [96, 48] mlp",
        "model.layers.0.mlp.down_proj.weight [48, 96] mlp",
        "model.norm.weight [48] finalNorm",
        "lm_head.weight [256, 48] head",
      ])
    #expect(weights.map(\.layer) == [nil] + [Int?](repeating: 0, count: 9) + [nil, nil])
    #expect(weights.compactMap(\.vocabularyAxis) == [0, 0])
    #expect(weights.allSatisfy { !$0.isOptional })
  }

  @Test("has no head of its own where it is tied")
  func tied() throws {
    let weights = try configuration([("tie_word_embeddings", .bool(true))]).weights
    #expect(!weights.contains { $0.role == .head })
    #expect(weights[0].tiedNames == ["lm_head.weight"])
  }

  @Test("adds the biases that architecture and configuration ask for")
  func biases() throws {
    func names(_ changes: [(String, JSONValue?)], modelType: String) throws -> [String] {
      try configuration(changes, modelType: modelType).weights(ofLayer: 2).map(\.name)
        .filter { $0.hasSuffix(".bias") }.map { String($0.dropFirst("model.layers.2.".count)) }
    }
    let both: [(String, JSONValue?)] = [("attention_bias", .bool(true)), ("mlp_bias", .bool(true))]
    #expect(
      try names(both, modelType: "llama") == [
        "self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias",
        "self_attn.o_proj.bias", "mlp.gate_proj.bias", "mlp.up_proj.bias", "mlp.down_proj.bias",
      ])
    #expect(try names(both, modelType: "mistral") == [])
    #expect(
      try names([], modelType: "qwen2") == [
        "self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias",
      ])
  }

  @Test("gives heads their own size")
  func headSize() throws {
    let model = try configuration([("head_dim", .number("16"))])
    #expect(model.size(of: .query) == (64, 48))
    #expect(model.size(of: .value) == (32, 48))
    #expect(model.size(of: .output) == (48, 64))
  }

  @Test("finds tensors by name, without their prefix, nested, or as the tied copy")
  func resolution() throws {
    let model = try configuration([("tie_word_embeddings", .bool(true))])
    let embedding = model.weights[0]
    func stored(_ names: Set<String>) -> String? { embedding.storedName(names.contains) }
    #expect(stored(["lm_head.weight", "model.embed_tokens.weight"]) == "model.embed_tokens.weight")
    #expect(stored(["lm_head.weight", "embed_tokens.weight"]) == "embed_tokens.weight")
    #expect(
      stored(["model.language_model.embed_tokens.weight"])
        == "model.language_model.embed_tokens.weight")
    #expect(stored(["lm_head.weight"]) == "lm_head.weight")
    #expect(stored(["h.0.weight"]) == nil)
  }

  @Test("refuses a missing tensor, another shape and a dtype that does not merge")
  func refusals() throws {
    let spec = try configuration().weights[1]
    let name = "model.layers.0.input_layernorm.weight"
    func resolve(_ description: TensorDescription?) throws -> TensorDescription? {
      try spec.resolve(at: "m") { $0 == name ? description : nil }
    }
    #expect(
      throws: Diagnostic(
        "tensor '\(name)' is missing", at: "m",
        fix: "download the checkpoint again; its config.json asks for this tensor")
    ) { try resolve(nil) }
    #expect(
      throws: Diagnostic(
        "tensor '\(name)' has shape [50], but config.json means [48]", at: "m",
        fix: "use the config.json that belongs to these weights")
    ) { try resolve(TensorDescription(name: name, dtype: .f32, shape: Shape([50]))) }
    #expect(
      throws: Diagnostic(
        "tensor '\(name)' is stored as F8_E4M3", at: "m",
        fix: "use a checkpoint stored as F32, F16 or BF16; quantised weights cannot be merged")
    ) { try resolve(TensorDescription(name: name, dtype: .f8e4m3, shape: Shape([48]))) }
    let good = TensorDescription(name: name, dtype: .bf16, shape: Shape([48]))
    #expect(try resolve(good) == good)
  }
}

@Suite("Rotary embedding")
struct RotaryEmbeddingTests {
  @Test("has frequencies theta^(-2m/r)")
  func plain() {
    let frequencies = RotaryEmbedding(theta: 10_000, rotatedSize: 8).frequencies()
    #expect(frequencies == [1, 0.1, 0.01, 0.001])
  }

  @Test("divides all frequencies under linear scaling")
  func linear() {
    let rotary = RotaryEmbedding(theta: 10_000, rotatedSize: 8, scaling: .linear(factor: 4))
    #expect(rotary.frequencies() == [0.25, 0.025, 0.0025, 0.00025])
  }

  @Test("keeps, blends and divides the three bands of Llama 3.1")
  func llama3() {
    let rotary = RotaryEmbedding(
      theta: 10_000, rotatedSize: 8,
      scaling: .llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 16, originalPositions: 256))
    // Wavelengths 6.3, 62.8, 628, 6283: below 16 kept, above 256 divided, 62.8 blended.
    let share = (256 / (2 * Double.pi / 0.1) - 1) / 15
    let blended = Float((1 - share) * 0.1 / 8 + share * 0.1)
    #expect(rotary.frequencies() == [1, blended, 0.00125, 0.000125])
  }
}

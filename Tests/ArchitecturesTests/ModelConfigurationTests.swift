import Diagnostics
import Documents
import Tensors
import Testing

@testable import Architectures

@Suite("Model configuration")
struct ModelConfigurationTests {
  @Test("fills in what a Llama configuration leaves out")
  func llamaDefaults() throws {
    let model = try configuration()
    #expect(model.architecture.modelType == "llama")
    #expect(model.headSize == 12)
    #expect(model.keyValueHeadCount == 2)
    #expect(model.normEpsilon == 1e-6)
    #expect(model.maximumPositions == 2048)
    #expect(!model.tiesEmbeddings)
    #expect(model.activation == .silu)
    #expect(model.dtype == nil)
    #expect(model.biasedProjections == [])
    let layer = ModelConfiguration.LayerOptions(
      window: nil, rotary: RotaryEmbedding(theta: 10_000, rotatedSize: 12),
      attentionScale: 1 / 12.0.squareRoot())
    #expect(model.layers == [layer, layer, layer])
    #expect(try configuration([("num_key_value_heads", nil)]).keyValueHeadCount == 4)
  }

  @Test("knows the defaults of Mistral and Qwen2")
  func otherDefaults() throws {
    func sized(_ heads: String) -> [(String, JSONValue?)] {
      [
        ("num_attention_heads", .number(heads)), ("num_key_value_heads", nil),
        ("head_dim", .number("8")),
      ]
    }
    let mistral = try configuration(sized("16"), modelType: "mistral")
    #expect(mistral.keyValueHeadCount == 8)
    #expect(mistral.maximumPositions == 131_072)
    #expect(mistral.layers.map(\.window) == [4096, 4096, 4096])
    let qwen = try configuration(sized("64"), modelType: "qwen2")
    #expect(qwen.keyValueHeadCount == 32)
    #expect(qwen.maximumPositions == 32_768)
    #expect(qwen.layers.map(\.window) == [nil, nil, nil])
    #expect(qwen.biasedProjections == [.query, .key, .value])
  }

  @Test("takes null as its own value: as many key-value heads as heads, no window")
  func nulls() throws {
    let model = try configuration(
      [("num_key_value_heads", .null), ("sliding_window", .null)], modelType: "mistral")
    #expect(model.keyValueHeadCount == 4)
    #expect(model.layers.map(\.window) == [nil, nil, nil])
  }

  @Test("reads the dtype in both spellings, the new one first")
  func dtypes() throws {
    #expect(try configuration([("torch_dtype", .string("float16"))]).dtype == .f16)
    #expect(try configuration([("dtype", .string("torch.bfloat16"))]).dtype == .bf16)
    let both = try configuration(
      [("torch_dtype", .string("float16")), ("dtype", .string("float32"))])
    #expect(both.dtype == .f32)
  }

  @Test("lets rope_scaling replace rope_parameters entirely")
  func ropeSpellings() throws {
    let parameters = object([
      ("rope_theta", .number("5e5")), ("rope_type", .string("default")),
    ])
    let new = try configuration([("rope_parameters", parameters)])
    #expect(new.layers[0].rotary == RotaryEmbedding(theta: 500_000, rotatedSize: 12))
    let old = try configuration([
      ("rope_theta", .number("20000.0")),
      ("rope_scaling", object([("type", .string("linear")), ("factor", .number("4"))])),
      ("rope_parameters", parameters),
    ])
    #expect(
      old.layers[0].rotary
        == RotaryEmbedding(theta: 20_000, rotatedSize: 12, scaling: .linear(factor: 4)))
    let null = try configuration([("rope_scaling", .null), ("rope_theta", .number("30000"))])
    #expect(null.layers[0].rotary == RotaryEmbedding(theta: 30_000, rotatedSize: 12))
  }

  @Test("prefers a top-level original_max_position_embeddings")
  func llama3Rope() throws {
    let members: [(String, JSONValue)] = [
      ("rope_type", .string("llama3")), ("factor", .number("8")), ("low_freq_factor", .number("1")),
      ("high_freq_factor", .number("4")), ("original_max_position_embeddings", .number("32")),
    ]
    func scaling(_ positions: Int) -> RotaryEmbedding.Scaling {
      .llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: positions)
    }
    let inside = try configuration([("rope_parameters", object(members))])
    #expect(inside.layers[0].rotary?.scaling == scaling(32))
    let outside = try configuration([
      ("rope_parameters", object(members)), ("original_max_position_embeddings", .number("64")),
    ])
    #expect(outside.layers[0].rotary?.scaling == scaling(64))
    let neither = try configuration([("rope_scaling", object(Array(members.dropLast())))])
    #expect(neither.layers[0].rotary?.scaling == scaling(2048))
  }

  @Test("applies Qwen2's window to the layers that the file names")
  func qwenWindows() throws {
    let upper: [(String, JSONValue?)] = [
      ("use_sliding_window", .bool(true)), ("sliding_window", .number("8")),
      ("max_window_layers", .number("1")),
    ]
    #expect(try configuration(upper, modelType: "qwen2").layers.map(\.window) == [nil, 8, 8])
    let types = JSONValue.array(
      ["sliding_attention", "full_attention", "sliding_attention"].map(JSONValue.string))
    let named = try configuration(upper + [("layer_types", types)], modelType: "qwen2")
    #expect(named.layers.map(\.window) == [8, nil, 8])
    let off = try configuration([("sliding_window", .number("8"))], modelType: "qwen2")
    #expect(off.layers.map(\.window) == [nil, nil, nil])
  }

  @Test("reads a text model nested in a larger one")
  func nesting() throws {
    let config = object([
      ("model_type", .string("mistral3")),
      ("architectures", .array([.string("Mistral3ForConditionalGeneration")])),
      ("dtype", .string("bfloat16")),
      ("tie_word_embeddings", .bool(true)),
      ("text_config", document(modelType: "mistral")),
    ])
    let model = try ModelConfiguration(config: config, location: "m/config.json")
    #expect(model.architecture.modelType == "mistral")
    #expect(model.dtype == .bf16)
    #expect(model.tiesEmbeddings)
  }

  @Test("falls back on the class where model_type is missing")
  func className() throws {
    let model = try configuration([
      ("model_type", nil), ("architectures", .array([.string("LLaMAForCausalLM")])),
    ])
    #expect(model.architecture.modelType == "llama")
  }
}

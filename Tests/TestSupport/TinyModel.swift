public import Documents
import Randomness
public import Tensors

/// A small decoder with random weights, to be written as a checkpoint or changed first.
public struct TinyModel: Sendable {
  public enum Family: String, Sendable, CaseIterable {
    case llama, mistral, qwen2

    var architecture: String {
      switch self {
      case .llama: "LlamaForCausalLM"
      case .mistral: "MistralForCausalLM"
      case .qwen2: "Qwen2ForCausalLM"
      }
    }
  }

  /// Sizes; the head size is `hidden / heads`.
  public struct Sizes: Sendable {
    public var hidden = 16
    public var intermediate = 24
    public var layers = 2
    public var heads = 4
    public var keyValueHeads = 2
    public var vocabulary = 32

    public init() {}
  }

  /// The members of `config.json`, in the order in which they are written.
  public var config: [JSONValue.Member]
  public var tensors: [TestTensor]

  /// Equal seeds give equal weights, whatever the dtype they are rounded to; a tied model has no
  /// `lm_head.weight`.
  public init(
    _ family: Family = .llama, _ sizes: Sizes = Sizes(), dtype: DType = .f32, tied: Bool = false,
    seed: UInt64 = 0
  ) {
    config = Self.config(family, sizes, dtype, tied)
    var random = SplitMix64(seed: seed)
    tensors = Self.shapes(family, sizes, tied).map { name, shape in
      let isNorm = name.hasSuffix("norm.weight")
      return TestTensor(
        name, dtype, shape, in: isNorm ? 0.75...1.25 : -0.5...0.5, random: &random)
    }
  }

  /// Replaces the value of a key of `config.json`, or adds it at the end.
  public mutating func setConfig(_ key: String, _ value: JSONValue) {
    if let position = config.firstIndex(where: { $0.key == key }) {
      config[position].value = value
    } else {
      config.append(.init(key, value))
    }
  }

  /// Replaces the tensor of the same name, or adds it at the end.
  public mutating func setTensor(_ tensor: TestTensor) {
    if let position = tensors.firstIndex(where: { $0.description.name == tensor.description.name })
    {
      tensors[position] = tensor
    } else {
      tensors.append(tensor)
    }
  }

  public mutating func removeTensor(_ name: TensorName) {
    tensors.removeAll { $0.description.name == name }
  }

  public subscript(_ name: TensorName) -> TestTensor? {
    tensors.first { $0.description.name == name }
  }

  /// Writes a checkpoint into `folder/name` and returns its path.
  ///
  /// - Parameters:
  ///   - folder: Where.
  ///   - name: Of the model's folder.
  ///   - shards: 1 for `model.safetensors`; else that many files, the tensors dealt out in turn.
  /// - Returns: The path.
  /// - Throws: If a file cannot be written.
  @discardableResult
  public func write(
    to folder: TemporaryFolder, as name: String = "model", shards: Int = 1
  ) throws -> String {
    try folder.write(
      JSONValue.object(config).text(.indented) + "\n", to: "\(name)/config.json")
    guard shards > 1 else {
      try folder.write(safetensors(tensors), to: "\(name)/model.safetensors")
      return folder.file(name)
    }
    var map: [JSONValue.Member] = []
    for shard in 0..<shards {
      let part = tensors.indices.filter { $0 % shards == shard }.map { tensors[$0] }
      let file = "model-\(padded(shard + 1))-of-\(padded(shards)).safetensors"
      try folder.write(safetensors(part), to: "\(name)/\(file)")
      map += part.map { .init($0.description.name, .string(file)) }
    }
    let size = tensors.map(\.bytes.count).reduce(0, +)
    let index = JSONValue.object([
      .init("metadata", .object([.init("total_size", JSONValue(size))])),
      .init("weight_map", .object(map)),
    ])
    try folder.write(index.text(.indented), to: "\(name)/model.safetensors.index.json")
    return folder.file(name)
  }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 5 - digits.count) + digits
  }

  // MARK: Architecture

  private static func config(
    _ family: Family, _ sizes: Sizes, _ dtype: DType, _ tied: Bool
  ) -> [JSONValue.Member] {
    let names: [DType: String] = [
      .f32: "float32", .f16: "float16", .bf16: "bfloat16", .f64: "float64",
    ]
    return [
      .init("architectures", .array([.string(family.architecture)])),
      .init("bos_token_id", JSONValue(1)),
      .init("dtype", .string(names[dtype] ?? "float32")),
      .init("eos_token_id", JSONValue(2)),
      .init("hidden_act", .string("silu")),
      .init("hidden_size", JSONValue(sizes.hidden)),
      .init("intermediate_size", JSONValue(sizes.intermediate)),
      .init("max_position_embeddings", JSONValue(64)),
      .init("model_type", .string(family.rawValue)),
      .init("num_attention_heads", JSONValue(sizes.heads)),
      .init("num_hidden_layers", JSONValue(sizes.layers)),
      .init("num_key_value_heads", JSONValue(sizes.keyValueHeads)),
      .init("rms_norm_eps", .number("1e-05")),
      .init(
        "rope_parameters",
        .object([
          .init("rope_theta", .number("10000.0")), .init("rope_type", .string("default")),
        ])),
      .init("tie_word_embeddings", .bool(tied)),
      .init("vocab_size", JSONValue(sizes.vocabulary)),
    ]
  }

  private static func shapes(
    _ family: Family, _ sizes: Sizes, _ tied: Bool
  ) -> [(TensorName, [Int])] {
    let keyValue = sizes.hidden / sizes.heads * sizes.keyValueHeads
    var shapes: [(TensorName, [Int])] = [
      ("model.embed_tokens.weight", [sizes.vocabulary, sizes.hidden])
    ]
    for layer in 0..<sizes.layers {
      let prefix = "model.layers.\(layer)."
      shapes += [
        (prefix + "input_layernorm.weight", [sizes.hidden]),
        (prefix + "self_attn.q_proj.weight", [sizes.hidden, sizes.hidden]),
        (prefix + "self_attn.k_proj.weight", [keyValue, sizes.hidden]),
        (prefix + "self_attn.v_proj.weight", [keyValue, sizes.hidden]),
        (prefix + "self_attn.o_proj.weight", [sizes.hidden, sizes.hidden]),
        (prefix + "post_attention_layernorm.weight", [sizes.hidden]),
        (prefix + "mlp.gate_proj.weight", [sizes.intermediate, sizes.hidden]),
        (prefix + "mlp.up_proj.weight", [sizes.intermediate, sizes.hidden]),
        (prefix + "mlp.down_proj.weight", [sizes.hidden, sizes.intermediate]),
      ]
      if family == .qwen2 {
        shapes += [
          (prefix + "self_attn.q_proj.bias", [sizes.hidden]),
          (prefix + "self_attn.k_proj.bias", [keyValue]),
          (prefix + "self_attn.v_proj.bias", [keyValue]),
        ]
      }
    }
    shapes.append(("model.norm.weight", [sizes.hidden]))
    if !tied { shapes.append(("lm_head.weight", [sizes.vocabulary, sizes.hidden])) }
    return shapes
  }
}

import Diagnostics
import Documents
import Recipes
import SearchSpaces
import Tensors

/// Made-up models with the tensor names of real architectures.
enum Family: CaseIterable {
  case llama, qwen3, gpt2, neox

  func outline(layers: Int) -> ModelOutline {
    var weights = [ModelOutline.Weight(name: before, role: .embedding, layer: nil)]
    for layer in 0..<layers {
      weights += inside.map {
        .init(name: "\(prefix)\(layer).\($0.name)", role: $0.role, layer: layer)
      }
    }
    weights += after.map { .init(name: $0.name, role: $0.role, layer: nil) }
    return ModelOutline(layerCount: layers, weights: weights)
  }

  private var before: String {
    switch self {
    case .llama, .qwen3: "model.embed_tokens.weight"
    case .gpt2: "transformer.wte.weight"
    case .neox: "gpt_neox.embed_in.weight"
    }
  }

  private var prefix: String {
    switch self {
    case .llama, .qwen3: "model.layers."
    case .gpt2: "transformer.h."
    case .neox: "gpt_neox.layers."
    }
  }

  private var inside: [(name: String, role: ModelOutline.Role)] {
    switch self {
    case .llama:
      [
        ("input_layernorm.weight", .norms), ("self_attn.q_proj.weight", .attention),
        ("self_attn.o_proj.weight", .attention), ("post_attention_layernorm.weight", .norms),
        ("mlp.up_proj.weight", .mlp), ("mlp.down_proj.weight", .mlp),
      ]
    case .qwen3:
      [
        ("input_layernorm.weight", .norms), ("self_attn.q_proj.weight", .attention),
        ("self_attn.q_norm.weight", .norms), ("self_attn.k_norm.weight", .norms),
        ("mlp.up_proj.weight", .mlp),
      ]
    case .gpt2:
      [
        ("ln_1.weight", .norms), ("attn.c_attn.weight", .attention),
        ("attn.c_attn.bias", .attention), ("ln_2.weight", .norms), ("mlp.c_fc.weight", .mlp),
      ]
    case .neox:
      [
        ("input_layernorm.weight", .norms), ("attention.dense.weight", .attention),
        ("post_attention_layernorm.weight", .norms), ("mlp.dense_h_to_4h.weight", .mlp),
      ]
    }
  }

  private var after: [(name: String, role: ModelOutline.Role)] {
    switch self {
    case .llama, .qwen3: [("model.norm.weight", .finalNorm), ("lm_head.weight", .head)]
    case .gpt2: [("transformer.ln_f.weight", .finalNorm), ("transformer.ln_f.bias", .finalNorm)]
    case .neox: [("gpt_neox.final_layer_norm.weight", .finalNorm), ("embed_out.weight", .head)]
    }
  }

  static func models(_ experts: Int, base: Bool = true) throws -> MergeModels {
    try MergeModels(
      base: base ? ModelReference(path: "/models/base") : nil,
      experts: (0..<experts).map {
        .init(name: "e\($0)", model: ModelReference(path: "/models/expert \($0)@x"))
      },
      outDType: .bf16)
  }
}

/// The space that a `space:` section describes.
func mergeSpace(
  _ text: String, experts: Int = 3, layers: Int = 6, family: Family = .llama, base: Bool = true,
  budget: Int = 1000
) throws -> MergeSpace {
  try MergeSpace(
    YAMLDocument.parse(text: text, location: "s.yaml").root,
    models: Family.models(experts, base: base), outline: family.outline(layers: layers),
    budget: budget)
}

/// SplitMix64, so that a seed in a test's name reproduces it.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension SearchSpace {
  /// A uniform point.
  func randomGenome(using generator: inout SeededGenerator) -> Genome {
    Genome(
      values: parameters.map { parameter in
        switch parameter.kind {
        case .real(let range, let start, _):
          Double.random(in: range ?? (start - 1)...(start + 1), using: &generator)
        case .integer(let range, _, _): Double(Int.random(in: range, using: &generator))
        case .categorical(let choices, _):
          Double(Int.random(in: 0..<choices.count, using: &generator))
        }
      })
  }
}

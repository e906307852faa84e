import Architectures
import Diagnostics
import Documents
import Tensors
import Testing

@testable import SearchDriver
@testable import SearchSpaces

/// The filters that a search emits, on the tensors of every family.
@Suite("Filters of components")
struct FamilyFilterTests {
  private func outline(_ type: String) throws -> ModelOutline {
    let sizes: [(String, Int)] = [
      ("vocab_size", 64), ("hidden_size", 64), ("intermediate_size", 96), ("num_hidden_layers", 12),
      ("num_attention_heads", 4), ("num_key_value_heads", 4), ("head_dim", 16), ("n_embd", 64),
      ("n_layer", 12), ("n_head", 4),
    ]
    let options = ["attention_bias", "mlp_bias", "use_qkv_bias", "qk_layernorm", "use_qk_norm"]
    let config = JSONValue.object(
      [.init("model_type", .string(type)), .init("tie_word_embeddings", .bool(false))]
        + sizes.map { .init($0.0, JSONValue($0.1)) } + options.map { .init($0, .bool(true)) })
    let model = try ModelConfiguration(config: config, location: "config.json")
    return ModelOutline(
      layerCount: model.layerCount,
      weights: model.weights.map {
        ModelOutline.Weight(name: $0.name, role: ModelOutline.Role($0.role), layer: $0.layer)
      })
  }

  @Test("pick the tensors of their component alone", arguments: Architecture.all.names)
  func components(type: String) throws {
    let outline = try outline(type)
    let filters = try RoleFilters(outline, components: ModelComponent.allCases)
    func picked(by filters: [String]) -> Set<TensorName> {
      Set(outline.weights.map(\.name).filter { name in filters.contains { name.contains($0) } })
    }
    let final = outline.weights.filter { $0.role == .finalNorm || $0.role == .head }
    #expect(picked(by: filters.final) == Set(final.map(\.name)))
    for component in ModelComponent.allCases {
      let own = Set(outline.weights.filter { $0.role == component.role }.map(\.name))
      #expect(!own.isEmpty)
      let found = picked(by: try #require(filters.components[component]))
      #expect(found.subtracting(final.map(\.name)) == own)
    }
  }

  @Test(
    "are as short as mergekit's users write them",
    arguments: [
      ("llama", "self_attn.", "mlp."), ("qwen3", "self_attn.", "mlp."), ("gpt2", "attn.", "mlp."),
      ("gpt_neox", "attention.", "mlp."), ("stablelm", "self_attn.", "mlp."),
    ])
  func short(type: String, attention: String, mlp: String) throws {
    let filters = try RoleFilters(try outline(type), components: [.attention, .mlp])
    #expect(filters.components == [.attention: [attention], .mlp: [mlp]])
  }
}

import Architectures
import Checkpoints
import Diagnostics
import Documents
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

@Suite("Options of merges")
struct MergeOptionsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func plan(_ recipe: String, _ options: MergeOptions) throws -> MergePlan {
    try MergePlan.build(
      RecipeDocument.parse(text: recipe, location: "recipe.yaml"),
      library: CheckpointLibrary(folders: [folder.path]), statistics: StatisticsCache(),
      options: options)
  }

  private func linear(_ first: String, _ second: String) -> String {
    "merge_method: linear\nmodels: [{model: \(first)}, {model: \(second)}]\n"
      + "parameters: {weight: 1}\n"
  }

  @Test("embeddings are cut to the smallest vocabulary when asked", arguments: [false, true])
  func truncation(smallFirst: Bool) throws {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 40
    let (small, large) = (TinyModel(seed: 1), TinyModel(.llama, sizes, seed: 2))
    try small.write(to: folder, as: "small")
    try large.write(to: folder, as: "large")
    let recipe = smallFirst ? linear("small", "large") : linear("large", "small")
    #expect(throws: Diagnostic.self) { try plan(recipe, MergeOptions()) }
    let cut = try plan(recipe, MergeOptions(truncatesEmbeddings: true))
    #expect(cut.config.document["vocab_size"] == JSONValue(32))
    for name in ["model.embed_tokens.weight", "lm_head.weight"] {
      #expect(cut.description(of: name)?.shape == Shape([32, 16]))
      let (a, b) = (try #require(small[name]).values, try #require(large[name]).values)
      #expect(try values(name, of: cut) == zip(a, b).map { ($0 + $1) / 2 })
    }
    #expect(cut.notes.count == (smallFirst ? 0 : 1))
  }

  @Test("other architectures are read as the donor's when asked")
  func mixedArchitectures() throws {
    let (llama, qwen) = (TinyModel(seed: 1), TinyModel(.qwen2, seed: 2))
    try llama.write(to: folder, as: "llama")
    try qwen.write(to: folder, as: "qwen")
    #expect(throws: Diagnostic.self) {
      try plan(linear("llama", "qwen"), MergeOptions())
    }
    let mixed = try plan(linear("llama", "qwen"), MergeOptions(mixesArchitectures: true))
    #expect(mixed.configuration.architecture.modelType == "llama")
    let name = "model.layers.1.mlp.up_proj.weight"
    let (a, b) = (try #require(llama[name]).values, try #require(qwen[name]).values)
    #expect(try values(name, of: mixed) == zip(a, b).map { ($0 + $1) / 2 })
    #expect(mixed.description(of: "model.layers.1.self_attn.q_proj.bias") == nil)
    // A Llama has no biases for a Qwen2.
    #expect(throws: Diagnostic.self) {
      try plan(linear("qwen", "llama"), MergeOptions(mixesArchitectures: true))
    }
  }

  @Test("a reference may say as which architecture its model is read")
  func override() throws {
    var odd = TinyModel(seed: 1)
    odd.setConfig("model_type", .string("frobnicator"))
    odd.setConfig("architectures", .array([.string("FrobnicatorForCausalLM")]))
    try odd.write(to: folder, as: "odd")
    let recipe =
      "merge_method: passthrough\nmodels:\n"
      + "- model: {model: {path: odd}, override_architecture: LlamaForCausalLM}\n"
    let plan = try plan(recipe, MergeOptions())
    #expect(plan.config.document["model_type"] == .string("llama"))
    #expect(plan.config.document["architectures"] == .array([.string("LlamaForCausalLM")]))
    #expect(
      try values("lm_head.weight", of: plan) == TinyModel(seed: 1)["lm_head.weight"]?.values)
    let error = try #require(throws: Diagnostic.self) {
      try self.plan(recipe.replacing("LlamaForC", with: "LamaForC"), MergeOptions())
    }
    #expect(error.fix.contains("did you mean 'LlamaForCausalLM'"))
  }
}

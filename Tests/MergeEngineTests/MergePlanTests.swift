import Architectures
import Checkpoints
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

/// Recipes of every method on models `a`, `b` and `c`.
private let recipes = [
  "merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 0.3}}\n"
    + "- {model: b, parameters: {weight: 0.9}}\n",
  "merge_method: slerp\nbase_model: a\nmodels: [{model: a}, {model: b}]\nparameters: {t: 0.4}\n",
  "merge_method: task_arithmetic\nbase_model: a\nmodels:\n- {model: b, parameters: {weight: 0.7}}\n"
    + "- {model: c, parameters: {weight: -0.2}}\n",
  "merge_method: ties\nbase_model: a\nmodels:\n- {model: b, parameters: {weight: 1, density: 0.4}}\n"
    + "- {model: c, parameters: {weight: 1, density: 0.6}}\nparameters: {rescale: true}\n",
  "merge_method: dare_linear\nbase_model: a\nmodels:\n"
    + "- {model: b, parameters: {weight: 1, density: 0.4}}\n"
    + "- {model: c, parameters: {weight: 1, density: 0.6}}\n",
  "merge_method: dare_ties\nbase_model: a\nmodels:\n"
    + "- {model: b, parameters: {weight: 1, density: 0.4}}\n"
    + "- {model: c, parameters: {weight: 1, density: 0.5}}\n",
  "merge_method: passthrough\nmodels: [{model: b, parameters: {scale: 0.5}}]\n",
]

/// A folder with the models `a`, `b` and `c` of one shape.
private func models(
  _ family: TinyModel.Family = .llama, dtype: DType = .f32, tied: Bool = false,
  sizes: TinyModel.Sizes = .init()
) throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  for (seed, name) in ["a", "b", "c"].enumerated() {
    try TinyModel(family, sizes, dtype: dtype, tied: tied, seed: UInt64(seed))
      .write(to: folder, as: name)
  }
  return folder
}

private func linear(_ models: String...) -> String {
  "merge_method: linear\nmodels: [" + models.map { "{model: \($0)}" }.joined(separator: ", ")
    + "]\nparameters: {weight: 1}\n"
}

@Suite("Merge plans")
struct MergePlanTests {
  @Test(
    "the same bits however the tensors are read", arguments: recipes.indices,
    TinyModel.Family.allCases)
  func bits(recipe: Int, family: TinyModel.Family) throws {
    let folder = try models(family, dtype: recipe % 2 == 0 ? .bf16 : .f32)
    let whole = try tensors(of: plan(recipes[recipe], in: folder.path))
    for (cut, threads) in [(1, 1), (7, 2), (4096, 3)] {
      let plan = try plan(recipes[recipe], in: folder.path)
      let pool = WorkerPool(threads: threads)
      for name in plan.tensorNames {
        let merged = try values(name, of: plan, cut: cut, pool: threads > 1 ? pool : nil)
        #expect(merged.map(\.bitPattern) == whole[name]?.map(\.bitPattern), "\(name)")
      }
    }
  }

  @Test("values are those of the written dtype", arguments: recipes.indices, [DType.bf16, .f16])
  func written(recipe: Int, dtype: DType) throws {
    let folder = try models()
    let full = try tensors(of: plan(recipes[recipe], in: folder.path))
    let rounded = try plan(
      recipes[recipe] + "dtype: float32\nout_dtype: \(dtype.torchName)\n", in: folder.path)
    #expect(rounded.config.document["dtype"] == .string(dtype.torchName))
    for name in rounded.tensorNames {
      #expect(rounded.description(of: name)?.dtype == dtype)
      var expected = try #require(full[name])
      var span = expected.mutableSpan
      round(&span, to: dtype)
      #expect(try values(name, of: rounded) == expected, "\(name)")
    }
  }

  @Test("inputs are cast to the recipe's dtype when they are read")
  func cast() throws {
    let folder = try models()
    let half = try models(dtype: .f16)
    // Equal seeds give equal numbers before rounding.
    let cast = try plan(linear("a", "b") + "dtype: float16\n", in: folder.path)
    let stored = try plan(linear("a", "b"), in: half.path)
    #expect(try tensors(of: cast) == tensors(of: stored))
  }

  @Test("unequal dtypes are promoted tensor by tensor")
  func promotion() throws {
    let folder = try TemporaryFolder()
    try TinyModel(dtype: .bf16, seed: 1).write(to: folder, as: "a")
    var mixed = TinyModel(dtype: .bf16, seed: 2)
    let norm = try #require(mixed["model.norm.weight"])
    mixed.setTensor(TestTensor("model.norm.weight", .f16, [16], norm.values))
    try mixed.write(to: folder, as: "b")
    let plan = try plan(linear("a", "b"), in: folder.path)
    #expect(plan.description(of: "model.norm.weight")?.dtype == .f32)
    #expect(plan.description(of: "lm_head.weight")?.dtype == .bf16)
  }

  @Test("a slice's layers are renumbered, and lists with one entry per layer follow")
  func frankenmerge() throws {
    let folder = try models(.qwen2)
    var model = TinyModel(.qwen2, seed: 5)
    model.setConfig(
      "layer_types", .array([.string("full_attention"), .string("sliding_attention")]))
    try model.write(to: folder, as: "a")
    let plan = try plan(
      """
      merge_method: passthrough
      slices:
      - sources: [{model: a, layer_range: [0, 2]}]
      - sources: [{model: a, layer_range: [1, 2]}]
      - sources: [{model: b, layer_range: [0, 1]}]
      """, in: folder.path)
    let b = TinyModel(.qwen2, seed: 1)
    #expect(plan.configuration.layerCount == 4)
    #expect(plan.config.document["num_hidden_layers"] == JSONValue(4))
    let types = plan.config.document["layer_types"]?.array?.compactMap(\.string)
    #expect(
      types == ["full_attention", "sliding_attention", "sliding_attention", "full_attention"])
    for (output, source, layer) in [(0, model, 0), (1, model, 1), (2, model, 1), (3, b, 0)] {
      for part in ["mlp.up_proj.weight", "self_attn.q_proj.bias", "input_layernorm.weight"] {
        #expect(
          try values("model.layers.\(output).\(part)", of: plan)
            == source["model.layers.\(layer).\(part)"]?.values, "\(output) \(part)")
      }
    }
    #expect(
      try values("model.embed_tokens.weight", of: plan)
        == model["model.embed_tokens.weight"]?.values)
    for name in ["model.norm.weight", "lm_head.weight"] {
      #expect(try values(name, of: plan) == b[name]?.values)
    }
  }

  @Test("the language model of a larger one becomes a model of its own")
  func languageModel() throws {
    let folder = try TemporaryFolder()
    for (name, seed) in [("a", 1), ("b", 2)] {
      var model = TinyModel(.mistral, seed: UInt64(seed))
      model.config = [
        .init("architectures", .array([.string("Mistral3ForConditionalGeneration")])),
        .init("eos_token_id", JSONValue(7)),
        .init("model_type", .string("mistral3")),
        .init(
          "text_config",
          .object(model.config.filter { !["architectures", "eos_token_id"].contains($0.key) })),
        .init("vision_config", .object([])),
      ]
      try model.write(to: folder, as: name)
    }
    let plan = try plan(linear("a", "b"), in: folder.path)
    let config = plan.config.document
    #expect(config["model_type"]?.string == "mistral")
    #expect(config["architectures"]?.array?.first?.string == "MistralForCausalLM")
    #expect(config["eos_token_id"]?.integer == 7)
    #expect(config["hidden_size"]?.integer == 16)
    #expect(config["text_config"] == nil && config["vision_config"] == nil)
    #expect(plan.tensorNames.contains("model.layers.1.mlp.up_proj.weight"))
  }

  @Test("after the layers, the last slice has as many inputs as the first")
  func surplusInputs() throws {
    let folder = try models()
    let plan = try plan(
      """
      merge_method: linear
      slices:
      - sources: [{model: a, layer_range: [0, 1]}]
      - sources: [{model: b, layer_range: [1, 2]}, {model: c, layer_range: [1, 2]}]
      parameters: {weight: 1}
      """, in: folder.path)
    #expect(
      try values("model.norm.weight", of: plan) == TinyModel(seed: 1)["model.norm.weight"]?.values)
  }
}

@Suite("Tied embeddings in merges")
struct TiedMergeTests {
  private let folder: TemporaryFolder
  private let tied = TinyModel(tied: true, seed: 1)
  private let untied = TinyModel(seed: 2)

  init() throws {
    folder = try TemporaryFolder()
    try tied.write(to: folder, as: "tied")
    try untied.write(to: folder, as: "untied")
    try TinyModel(tied: true, seed: 3).write(to: folder, as: "other")
  }

  @Test("tied models stay tied")
  func bothTied() throws {
    let plan = try plan(linear("tied", "other"), in: folder.path)
    #expect(plan.config.document["tie_word_embeddings"] == .bool(true))
    #expect(plan.description(of: "lm_head.weight") == nil)
    #expect(plan.configuration.tiesEmbeddings)
  }

  @Test("a tied model contributes its embedding to the head", arguments: [false, true])
  func mixed(tiedFirst: Bool) throws {
    let recipe = tiedFirst ? linear("tied", "untied") : linear("untied", "tied")
    let plan = try plan(recipe, in: folder.path)
    #expect(plan.config.document["tie_word_embeddings"] == .bool(false))
    let embedding = try #require(tied["model.embed_tokens.weight"]).values
    let head = try #require(untied["lm_head.weight"]).values
    #expect(
      try values("lm_head.weight", of: plan) == zip(embedding, head).map { ($0 + $1) / 2 })
  }

  @Test("a stored head of a tied model plays no part")
  func storedHead() throws {
    var model = tied
    model.setTensor(
      TestTensor("lm_head.weight", .f32, [32, 16], [Float](repeating: 9, count: 512)))
    try model.write(to: folder, as: "stored")
    let plan = try plan(linear("stored", "other"), in: folder.path)
    #expect(plan.description(of: "lm_head.weight") == nil)
    let mixed = try MergeEngineTests.plan(linear("stored", "untied"), in: folder.path)
    #expect(
      try values("lm_head.weight", of: mixed)
        == values(
          "lm_head.weight", of: MergeEngineTests.plan(linear("tied", "untied"), in: folder.path)))
  }
}

@Suite("Merge plans that cannot be")
struct MergePlanErrorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try models()
  }

  private func expect(
    _ problem: String, at location: String = "recipe.yaml", fix: String, _ recipe: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      throws: Diagnostic(problem, at: location, fix: fix), sourceLocation: sourceLocation
    ) { try plan(recipe, in: folder.path) }
  }

  @Test("architectures differ")
  func architecture() throws {
    try TinyModel(.qwen2).write(to: folder, as: "q")
    expect(
      "models have different architectures: 'a' is llama, 'q' is qwen2",
      fix: "merge models of one architecture", linear("a", "q"))
  }

  @Test("shapes differ")
  func shapes() throws {
    var sizes = TinyModel.Sizes()
    sizes.intermediate = 20
    try TinyModel(.llama, sizes).write(to: folder, as: "thin")
    expect(
      "tensor 'model.layers.0.mlp.gate_proj.weight' has shape [24, 16] in 'a' and [20, 16] in 'thin'",
      fix: "merge models of one size", linear("a", "thin"))
  }

  @Test("vocabularies differ")
  func vocabulary() throws {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 40
    try TinyModel(.llama, sizes).write(to: folder, as: "wide")
    expect(
      "tensor 'model.embed_tokens.weight' has shape [32, 16] in 'a' and [40, 16] in 'wide'",
      fix:
        "align the vocabularies with 'tokenizer_source: base', or merge models of one vocabulary",
      linear("a", "wide"))
  }

  @Test("options of the configuration differ")
  func options() throws {
    var biased = TinyModel()
    biased.setConfig("attention_bias", .bool(true))
    for layer in 0..<2 {
      for (part, size) in [("q", 16), ("k", 8), ("v", 8), ("o", 16)] {
        biased.setTensor(
          TestTensor(
            "model.layers.\(layer).self_attn.\(part)_proj.bias", .f32, [size],
            [Float](repeating: 0, count: size)))
      }
    }
    try biased.write(to: folder, as: "biased")
    expect(
      "model 'a' has no tensor for 'model.layers.0.self_attn.q_proj.bias' of the output",
      fix: "merge models with the same options in config.json (such as attention_bias)",
      linear("biased", "a"))
  }

  @Test("the same folder under two names")
  func sameFolder() {
    expect(
      "models 'a' and '\(folder.path)/a' are the same folder",
      fix: "list each model of a slice once", linear("a", folder.path + "/a"))
  }

  @Test("double precision", arguments: ["dtype", "out_dtype"])
  func doublePrecision(key: String) {
    expect(
      "\(key) float64 is not supported: merges are computed in single precision",
      fix: "use float32", linear("a", "b") + "\(key): float64\n")
  }

  @Test("a double-precision input")
  func doubleInput() throws {
    var model = TinyModel()
    model.setTensor(
      TestTensor("model.norm.weight", .f64, [16], [Float](repeating: 1, count: 16)))
    try model.write(to: folder, as: "f64")
    expect(
      "tensor 'model.norm.weight' is stored as F64", at: "f64",
      fix: "convert the checkpoint to F32, BF16 or F16", linear("a", "f64"))
  }

  @Test("weights that cancel for one tensor only")
  func cancelling() {
    expect(
      "the weights 1.0, -1.0 sum to 0, so they cannot be normalized",
      at: "recipe.yaml: tensor model.layers.1.mlp.up_proj.weight",
      fix: "change a weight, or set 'normalize: false'",
      """
      merge_method: linear
      models:
      - model: a
        parameters: {weight: 1}
      - model: b
        parameters: {weight: [{filter: layers.1.mlp.up_proj, value: -1}, {value: 1}]}
      """)
  }
}

@Suite("Where models are found")
struct ModelPlaceTests {
  @Test("relative to the library's folders, else to the recipe; relocations come first")
  func places() throws {
    let (work, other) = (try models(), try TemporaryFolder())
    try TinyModel(seed: 9).write(to: other, as: "only-here")
    let text = linear("a", "only-here")
    let recipe = try other.write(text, to: "recipe.yaml")
    let library = CheckpointLibrary(folders: [work.path])
    let plan = try MergePlan.build(
      RecipeDocument.read(path: recipe), library: library, statistics: StatisticsCache())
    #expect(plan.models.map(\.checkpoint.path) == [work.file("a"), other.file("only-here")])
    #expect(plan.tokenizerFolder == work.file("a"))
    let moved = CheckpointLibrary(
      folders: [work.path], relocations: ["only-here": work.file("b")])
    let relocated = try MergePlan.build(
      RecipeDocument.parse(text: text, location: "recipe.yaml"), library: moved,
      statistics: StatisticsCache())
    #expect(relocated.models.map(\.checkpoint.path) == [work.file("a"), work.file("b")])
  }

  @Test("a library opens each model once")
  func sharing() throws {
    let folder = try models()
    let library = CheckpointLibrary(folders: [folder.path])
    let document = try RecipeDocument.parse(text: linear("a", "b"), location: "recipe.yaml")
    let plans = try (0..<2).map { _ in
      try MergePlan.build(document, library: library, statistics: StatisticsCache())
    }
    #expect(plans[0].models[0] === plans[1].models[0])
    #expect(plans[0].models[1] === plans[1].models[1])
  }
}

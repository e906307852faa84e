import Checkpoints
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Randomness
import Recipes
import Tensors
import TestSupport
import Testing

@Suite("LoRA adapters")
struct AdapterTests {
  private static let models = Golden.path("bad/models")

  private func plan(
    _ model: String, in folders: [String], _ options: MergeOptions = MergeOptions()
  ) throws -> MergePlan {
    try MergePlan.build(
      RecipeDocument.parse(
        text: "merge_method: passthrough\nmodels: [{model: \(model)}]\n", location: "recipe.yaml"),
      library: CheckpointLibrary(folders: folders), statistics: StatisticsCache(), options: options)
  }

  @Test("are merged as PEFT merges them", arguments: ["plain", "rank-stabilized", "half"])
  func golden(name: String) throws {
    let folder = Golden.path("adapters")
    let plan = try plan(
      "good-base+\(name)", in: [Self.models, folder],
      MergeOptions(adapterDType: name == "half" ? .bf16 : nil))
    let expected = try SafetensorsFile(path: "\(folder)/\(name)/expected.safetensors")
    let base = try Checkpoint.open("\(Self.models)/good-base")
    for tensor in plan.tensorNames {
      guard let description = expected.description(of: tensor) else {
        #expect(try values(tensor, of: plan) == values(tensor, of: base), "\(tensor)")
        continue
      }
      #expect(plan.description(of: tensor) == description)
      let merged = try values(tensor, of: plan)
      var right = [Float](repeating: 0, count: merged.count)
      try expected.withBytes(of: tensor, elements: 0..<merged.count) { bytes in
        var span = right.mutableSpan
        widen(bytes, from: description.dtype, into: &span)
      }
      let spacing: Float = description.dtype == .bf16 ? 0x1p-7 : 0
      for (merged, right) in zip(merged, right) {
        #expect(abs(merged - right) <= 1e-6 + spacing * abs(right), "\(tensor)")
      }
    }
  }

  @Test("give the same bits however a weight is cut", arguments: ["plain", "rank-stabilized"])
  func cuts(name: String) throws {
    let folders = [Self.models, Golden.path("adapters")]
    let plan = try plan("good-base+\(name)", in: folders)
    for tensor in plan.tensorNames {
      let whole = try values(tensor, of: plan)
      for cut in [1, 3, 8, 13] {
        #expect(try values(tensor, of: plan, cut: cut) == whole, "\(tensor) \(cut)")
      }
    }
  }

  // MARK: Adapters made here

  private func adapter(
    in folder: TemporaryFolder, _ tensors: [TestTensor], _ settings: [JSONValue.Member] = []
  ) throws {
    let config: [JSONValue.Member] = [
      .init("peft_type", .string("LORA")), .init("r", JSONValue(2)),
      .init("lora_alpha", JSONValue(4)),
    ]
    let keys = Set(settings.map(\.key))
    try folder.write(
      JSONValue.object(config.filter { !keys.contains($0.key) } + settings).text(.indented),
      to: "lora/adapter_config.json")
    try folder.write(safetensors(tensors), to: "lora/adapter_model.safetensors")
  }

  private func tensor(_ name: String, _ shape: [Int], seed: UInt64) -> TestTensor {
    var random = SplitMix64(seed: seed)
    return TestTensor("base_model.model." + name, .f32, shape, in: -1...1, random: &random)
  }

  private let query = "model.layers.0.self_attn.q_proj"

  @Test("of matrices stored as [in, out], with biases of their own and replaced ones")
  func otherForms() throws {
    let folder = try TemporaryFolder()
    let model = TinyModel(.qwen2, seed: 3)
    try model.write(to: folder, as: "m")
    let a = tensor(query + ".lora_A.weight", [2, 16], seed: 1)
    let b = tensor(query + ".lora_B.weight", [16, 2], seed: 2)
    let bias = tensor(query + ".lora_B.bias", [16], seed: 3)
    let replaced = tensor("model.layers.1.self_attn.k_proj.base_layer.bias", [8], seed: 4)
    try adapter(in: folder, [a, b, bias, replaced], [.init("fan_in_fan_out", .bool(true))])
    let plan = try plan("m+lora", in: [folder.path])
    let merged = try values(query + ".weight", of: plan)
    let stored = try #require(model[query + ".weight"]).values
    for row in 0..<16 {
      for column in 0..<16 {
        let product = (0..<2).reduce(Float(0)) { sum, k in
          sum + b.values[column * 2 + k] * a.values[k * 16 + row]
        }
        #expect(abs(merged[row * 16 + column] - (stored[row * 16 + column] + 2 * product)) < 1e-5)
      }
    }
    #expect(
      try values(query + ".bias", of: plan)
        == zip(try #require(model[query + ".bias"]).values, bias.values).map { $0 + 2 * $1 })
    #expect(
      try values("model.layers.1.self_attn.k_proj.bias", of: plan) == replaced.values)
  }

  @Test("on what another stage makes, and beside the model without one")
  func stages() throws {
    let folder = try TemporaryFolder()
    try TinyModel(seed: 1).write(to: folder, as: "m")
    try adapter(
      in: folder,
      [
        tensor(query + ".lora_A.weight", [2, 16], seed: 1),
        tensor(query + ".lora_B.weight", [16, 2], seed: 2),
      ])
    let text = """
      name: copy
      merge_method: passthrough
      models: [{model: m}]
      ---
      merge_method: linear
      models: [{model: copy+lora}, {model: m+lora}, {model: m}]
      parameters: {weight: [{filter: q_proj, value: 1}, {value: 1}]}
      """
    let merged = try MergePlan.build(
      RecipeDocument.parse(text: text, location: "recipe.yaml"),
      library: CheckpointLibrary(folders: [folder.path]), statistics: StatisticsCache())
    let adapted = try values(query + ".weight", of: plan("m+lora", in: [folder.path]))
    let plain = try #require(TinyModel(seed: 1)[query + ".weight"]).values
    let expected = zip(adapted, plain).map { (2 * $0 + $1) / 3 }
    for (merged, expected) in zip(try values(query + ".weight", of: merged), expected) {
      #expect(abs(merged - expected) < 1e-6)
    }
    #expect(merged.models.count == 2)
  }

  @Test(
    "of other kinds are refused by name",
    arguments: [
      ("peft_type", JSONValue.string("LOHA"), "adapters of the kind LOHA are not supported"),
      ("use_dora", .bool(true), "DoRA is not supported"),
      ("layer_replication", .array([.array([JSONValue(0), JSONValue(2)])]), "layer replication"),
      ("init_lora_weights", .string("pissa_niter_4"), "pissa_niter_4 belongs to a base model"),
      ("r", JSONValue(3), "have the shapes [16, 2] and [2, 16], but the rank is 3"),
      ("r", .string("two"), "must be a whole number of at least 1"),
      ("rank_pattern", .object([.init("q_proj", .bool(true))]), "is no rank"),
      ("alpha_pattern", .object([.init("(", JSONValue(1))]), "is no regular expression"),
    ])
  func otherKinds(key: String, value: JSONValue, words: String) throws {
    let folder = try TemporaryFolder()
    try TinyModel().write(to: folder, as: "m")
    try adapter(
      in: folder,
      [
        tensor(query + ".lora_A.weight", [2, 16], seed: 1),
        tensor(query + ".lora_B.weight", [16, 2], seed: 2),
      ], [.init(key, value)])
    let error = try #require(throws: Diagnostic.self) { try plan("m+lora", in: [folder.path]) }
    #expect(error.description.contains(words), "\(error)")
    #expect(error.location.contains("lora/"))
  }

  @Test(
    "that do not fit are refused",
    arguments: [
      (
        ["model.layers.7.self_attn.q_proj.lora_A.weight"], [[2, 16]],
        "which the model does not have"
      ),
      (
        ["model.layers.0.self_attn.q_proj.lora_A.weight"], [[2, 16]], "only one of the two matrices"
      ),
      (["model.norm.weight"], [[8]], "has shape [8], but 'model.norm.weight' has [16]"),
      (["model.norm.lora_magnitude_vector"], [[8]], "no part of a plain LoRA adapter"),
      (
        [
          "model.layers.0.mlp.up_proj.lora_A.weight", "model.layers.0.mlp.up_proj.lora_B.weight",
        ], [[2, 5], [24, 2]], "by a product of shape [24, 5]"
      ),
    ])
  func misfits(names: [String], shapes: [[Int]], words: String) throws {
    let folder = try TemporaryFolder()
    try TinyModel().write(to: folder, as: "m")
    try adapter(
      in: folder, zip(names, shapes).map { tensor($0, $1, seed: 1) })
    let error = try #require(throws: Diagnostic.self) { try plan("m+lora", in: [folder.path]) }
    #expect(error.description.contains(words), "\(error)")
  }

  @Test("that are no adapters are refused, and values that are no numbers")
  func noAdapter() throws {
    let folder = try TemporaryFolder()
    try TinyModel().write(to: folder, as: "m")
    let missing = try #require(throws: Diagnostic.self) { try plan("m+m", in: [folder.path]) }
    #expect(missing.problem == "holds no adapter: adapter_config.json is missing")
    try adapter(
      in: folder,
      [
        TestTensor(
          "base_model.model.model.norm.weight", .f32, [16], [Float](repeating: .nan, count: 16))
      ])
    let broken = try plan("m+lora", in: [folder.path])
    let error = try #require(throws: Diagnostic.self) {
      try broken.checkFinite(on: WorkerPool(threads: 1))
    }
    #expect(error.problem == "has 16 values that are NaN or infinite")
  }
}

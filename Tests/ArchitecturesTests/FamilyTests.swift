import Diagnostics
import Documents
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Architectures

/// What missing keys of a family's `config.json` mean.
struct FamilyDefaults: Sendable, CustomTestStringConvertible {
  let type: String
  let epsilon: Double
  let theta: Double?
  let headSize: Int
  let keyValueHeads: Int
  let isTied: Bool
  let positions: Int
  let windows: [Int?]
  var fraction = 1.0

  var testDescription: String { type }
}

/// The families against the reference implementation's configuration classes (transformers 5.23.0) and against
/// mergekit's definitions (0.1.5).
@Suite("Families")
struct FamilyTests {
  private static let none: [Int?] = [nil, nil, nil]

  /// A model of 1,024 hidden dimensions, three layers and 64 heads that says nothing else.
  private func bare(_ type: String) throws -> ModelConfiguration {
    try configuration(
      [
        ("hidden_size", .number("1024")), ("n_embd", .number("1024")), ("n_layer", .number("3")),
        ("num_attention_heads", .number("64")), ("n_head", .number("64")),
        ("num_key_value_heads", nil),
      ], modelType: type)
  }

  @Test(
    "missing keys mean what they mean to transformers",
    arguments: [
      FamilyDefaults(
        type: "llama", epsilon: 1e-6, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 2048, windows: none),
      FamilyDefaults(
        type: "mistral", epsilon: 1e-6, theta: 10_000, headSize: 16, keyValueHeads: 8,
        isTied: false, positions: 131_072, windows: [4096, 4096, 4096]),
      FamilyDefaults(
        type: "qwen2", epsilon: 1e-6, theta: 10_000, headSize: 16, keyValueHeads: 32,
        isTied: false, positions: 32_768, windows: none),
      FamilyDefaults(
        type: "qwen3", epsilon: 1e-6, theta: 10_000, headSize: 128, keyValueHeads: 32,
        isTied: false, positions: 32_768, windows: none),
      FamilyDefaults(
        type: "gemma", epsilon: 1e-6, theta: 10_000, headSize: 256, keyValueHeads: 16,
        isTied: true, positions: 8192, windows: none),
      FamilyDefaults(
        type: "gemma2", epsilon: 1e-6, theta: 10_000, headSize: 256, keyValueHeads: 4,
        isTied: true, positions: 8192, windows: [4096, nil, 4096]),
      FamilyDefaults(
        type: "gemma3_text", epsilon: 1e-6, theta: 10_000, headSize: 256, keyValueHeads: 4,
        isTied: true, positions: 131_072, windows: [4096, 4096, 4096]),
      FamilyDefaults(
        type: "phi", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 2048, windows: none, fraction: 0.5),
      FamilyDefaults(
        type: "phi3", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 4096, windows: none),
      FamilyDefaults(
        type: "gpt2", epsilon: 1e-5, theta: nil, headSize: 16, keyValueHeads: 64, isTied: true,
        positions: 1024, windows: none),
      FamilyDefaults(
        type: "gpt_neox", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 2048, windows: none, fraction: 0.25),
      FamilyDefaults(
        type: "olmo2", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 2048, windows: none),
      FamilyDefaults(
        type: "granite", epsilon: 1e-6, theta: 10_000, headSize: 16, keyValueHeads: 64,
        isTied: false, positions: 2048, windows: none),
      FamilyDefaults(
        type: "smollm3", epsilon: 1e-6, theta: 2_000_000, headSize: 16, keyValueHeads: 4,
        isTied: true, positions: 32_768, windows: none),
      FamilyDefaults(
        type: "stablelm", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 32,
        isTied: false, positions: 4096, windows: none, fraction: 0.25),
      FamilyDefaults(
        type: "starcoder2", epsilon: 1e-5, theta: 10_000, headSize: 16, keyValueHeads: 2,
        isTied: true, positions: 4096, windows: none),
      FamilyDefaults(
        type: "cohere", epsilon: 1e-5, theta: 500_000, headSize: 16, keyValueHeads: 64,
        isTied: true, positions: 8192, windows: none),
    ])
  func defaults(expected: FamilyDefaults) throws {
    let model = try bare(expected.type)
    #expect(model.normEpsilon == expected.epsilon)
    #expect(model.headSize == expected.headSize)
    #expect(model.keyValueHeadCount == expected.keyValueHeads)
    #expect(model.tiesEmbeddings == expected.isTied)
    #expect(model.maximumPositions == expected.positions)
    #expect(model.layers.map(\.window) == expected.windows)
    let rotary = model.layers[0].rotary
    #expect(rotary?.theta == expected.theta)
    if expected.theta != nil {
      #expect(rotary?.rotatedSize == Int(Double(expected.headSize) * expected.fraction))
    }
  }

  @Test("every family has defaults under test")
  func coverage() {
    #expect(Architecture.all.names.count == 17)
  }

  @Test("windowed layers of Gemma 3 rotate faster than the others")
  func gemma3() throws {
    let types = ["full_attention", "sliding_attention", "sliding_attention"].map(JSONValue.string)
    let model = try configuration(
      [("layer_types", .array(types)), ("head_dim", .number("16"))], modelType: "gemma3_text")
    #expect(model.layers.map(\.window) == [nil, 4096, 4096])
    #expect(model.layers.map(\.rotary?.theta) == [1_000_000, 10_000, 10_000])
    let old = try configuration(
      [
        ("sliding_window_pattern", .number("3")), ("rope_theta", .number("5e5")),
        ("rope_local_base_freq", .number("2e4")), ("head_dim", .number("16")),
        ("rope_scaling", object([("rope_type", .string("linear")), ("factor", .number("8"))])),
      ], modelType: "gemma3_text")
    #expect(old.layers.map(\.window) == [4096, 4096, nil])
    #expect(old.layers.map(\.rotary?.theta) == [20_000, 20_000, 500_000])
    let plain = RotaryEmbedding.Scaling.none
    #expect(old.layers.map(\.rotary?.scaling) == [plain, plain, .linear(factor: 8)])
  }

  @Test("reads Gemma 3's language model out of a multimodal file that spells little out")
  func wrappedGemma3() throws {
    let config = object([
      ("model_type", .string("gemma3")),
      ("architectures", .array([.string("Gemma3ForConditionalGeneration")])),
      (
        "text_config",
        object([
          ("hidden_size", .number("2560")), ("intermediate_size", .number("10240")),
          ("num_hidden_layers", .number("6")), ("sliding_window", .number("1024")),
        ])
      ),
    ])
    let model = try ModelConfiguration(config: config, location: "m/config.json")
    #expect(model.architecture.modelType == "gemma3_text")
    #expect(model.vocabularySize == 262_208)
    #expect(model.headCount == 8)
    #expect(model.layers.map(\.window) == [1024, 1024, 1024, 1024, 1024, nil])
  }

  @Test("layers of SmolLM3 that the file names do not rotate")
  func smolLM3() throws {
    let listed = try configuration(
      [("no_rope_layers", .array(["1", "0", "1"].map(JSONValue.number)))], modelType: "smollm3")
    #expect(listed.layers.map { $0.rotary != nil } == [true, false, true])
    let every = try configuration(
      [
        ("no_rope_layer_interval", .number("2")), ("use_sliding_window", .bool(true)),
        ("sliding_window", .number("8")),
      ], modelType: "smollm3")
    #expect(every.layers.map { $0.rotary != nil } == [true, false, true])
    #expect(every.layers.map(\.window) == [nil, 8, nil])
  }

  @Test("GPT-2 scales scores as its file says")
  func gpt2() throws {
    func scales(_ changes: [(String, JSONValue?)]) throws -> [Double] {
      let sizes: [(String, JSONValue?)] = [
        ("n_embd", .number("64")), ("n_layer", .number("3")), ("n_head", .number("4")),
      ]
      let model = try configuration(sizes + changes, modelType: "gpt2")
      #expect(model.intermediateSize == 256)
      return model.layers.map(\.attentionScale)
    }
    #expect(try scales([]) == [0.25, 0.25, 0.25])
    #expect(try scales([("scale_attn_weights", .bool(false))]) == [1, 1, 1])
    #expect(
      try scales([("scale_attn_by_inverse_layer_idx", .bool(true))])
        == [0.25, 0.125, 0.25 / 3])
  }

  @Test("has the tensors of mergekit's definition", arguments: mergekitTypes)
  func mergekit(type: String) throws {
    let all = try JSONValue.read(path: Golden.path("mergekit-architectures.json"))
    let definition = try #require(all[type])
    func names(_ key: String, _ state: String) -> Set<String> {
      Set((definition[key]?.members ?? []).filter { $0.value.string == state }.map(\.key))
    }
    // mergekit's definition of Command-R always has the norms that this option adds.
    let untied = try configuration(
      [
        ("tie_word_embeddings", .bool(false)), ("use_qk_norm", .bool(true)),
        ("partial_rotary_factor", .number("1")),
        ("n_embd", .number("48")), ("n_layer", .number("3")), ("n_head", .number("4")),
      ], modelType: type)
    #expect(untied.layerCountKey == definition["layers"]?.string)
    func ours(_ position: WeightPosition) -> Set<String> {
      Set(untied.weights.filter { $0.position == position }.map(\.name))
    }
    for (key, position) in [
      ("before", WeightPosition.before), ("layer", .layer(0)), ("after", .after),
    ] {
      let (required, optional) = (names(key, "required"), names(key, "optional"))
      #expect(ours(position).isSuperset(of: required))
      // Gemma is never untied for mergekit.
      let extra = type == "gemma" ? ["lm_head.weight"] : Set<String>()
      #expect(ours(position).isSubset(of: required.union(optional).union(extra)))
    }
    let vocabulary = (definition["vocabulary"]?.array ?? []).compactMap(\.string)
    let rows = Set(untied.weights.filter { $0.vocabularyAxis != nil }.map(\.name))
    #expect(rows.subtracting(["lm_head.weight"]) == Set(vocabulary).subtracting(["lm_head.weight"]))
  }

  @Test("merges the final norm of a family that mergekit does not define as mergekit does")
  func inferredDefinition() throws {
    let norm = try configuration(modelType: "smollm3").weights.last
    #expect(norm?.name == "model.norm.weight")
    #expect(norm?.position == .before)
    #expect(try configuration().weights.last?.position == .after)
  }

  private static let mergekitTypes = Architecture.all.names.filter { $0 != "smollm3" }

  @Test("refuses options that mean another computation")
  func refusedOptions() {
    for (type, key) in [
      ("gemma", "use_bidirectional_attention"), ("gemma3_text", "use_bidirectional_attention"),
    ] {
      #expect(
        throws: Diagnostic(
          "this option is not supported", at: "m/config.json: \(key)",
          fix: "use a model of the same family without it")
      ) { try configuration([(key, .bool(true))], modelType: type) }
    }
  }

  @Test("refuses windowed layers without a window")
  func missingWindow() {
    #expect(
      throws: Diagnostic(
        "the key is missing", at: "m/config.json: sliding_window",
        fix: "add a whole number, or take the file from the original model")
    ) { try configuration([("sliding_window", .null)], modelType: "gemma2") }
  }
}

@Suite("Stretched rotations")
struct StretchedRotationTests {
  private func rotary(_ type: String, _ members: [(String, String)], top: [(String, String)] = [])
    throws -> RotaryEmbedding
  {
    let parameters = object(
      [("rope_type", .string(type))] + members.map { ($0.0, JSONValue.number($0.1)) })
    let model = try configuration(
      [("rope_parameters", parameters), ("max_position_embeddings", .number("64"))]
        + top.map { ($0.0, JSONValue.number($0.1)) })
    return try #require(model.layers[0].rotary)
  }

  @Test("dynamic: plain up to the original length, slower beyond")
  func dynamic() throws {
    let rotary = try rotary("dynamic", [("factor", "2")])
    #expect(rotary.steadyLength == 64)
    #expect(rotary.frequencies(length: 64) == rotary.frequencies())
    let theta = 10_000 * pow(2.0 * 96 / 64 - 1, 12.0 / 10)
    #expect(
      rotary.frequencies(length: 96) == (0..<6).map { Float(pow(theta, -2 * Double($0) / 12)) })
  }

  @Test("yarn: keeps what turns often, divides what turns rarely, and scales cosines and sines")
  func yarn() throws {
    let rotary = try rotary(
      "yarn", [("factor", "4"), ("original_max_position_embeddings", "16")])
    #expect(rotary.steadyLength == nil)
    #expect(abs(rotary.attentionFactor - (0.1 * log(4) + 1)) <= 1e-15)
    let plain = RotaryEmbedding(theta: 10_000, rotatedSize: 12).frequencies()
    let stretched = rotary.frequencies()
    #expect(stretched[0] == plain[0])
    #expect(stretched[5] == plain[5] / 4)
    #expect(try self.rotary("yarn", [("original_max_position_embeddings", "16")]) == rotary)
  }

  @Test("longrope: other factors beyond the original length, and a lasting factor")
  func longRope() throws {
    func parameters(_ count: Int) -> JSONValue {
      object([
        ("type", .string("longrope")),
        ("short_factor", .array((0..<count).map { _ in .number("1") })),
        ("long_factor", .array((0..<count).map { .number("\($0 + 2)") })),
      ])
    }
    let model = try configuration(
      [
        ("rope_scaling", parameters(6)), ("original_max_position_embeddings", .number("32")),
        ("max_position_embeddings", .number("128")),
      ], modelType: "phi3")
    let rotary = try #require(model.layers[0].rotary)
    let plain = RotaryEmbedding(theta: 10_000, rotatedSize: 12).frequencies()
    #expect(rotary.frequencies(length: 32) == plain)
    #expect(
      zip(rotary.frequencies(length: 33), plain).enumerated().allSatisfy { pair in
        abs(pair.element.0 * Float(pair.offset + 2) - pair.element.1) <= 1e-6
      })
    #expect(abs(rotary.attentionFactor - (1 + log(4) / log(32)).squareRoot()) <= 1e-15)
    #expect(
      throws: Diagnostic(
        "is no list of 6 numbers above 0, one per pair of dimensions",
        at: "m/config.json: rope_scaling: short_factor",
        fix: "copy the list of the original model's file")
    ) { try configuration([("rope_scaling", parameters(5))], modelType: "phi3") }
  }

  @Test("a part of a head rotates in some families, and is refused or ignored in others")
  func fractions() throws {
    let half: [(String, JSONValue?)] = [("partial_rotary_factor", .number("0.5"))]
    #expect(try configuration(half, modelType: "phi").layers[0].rotary?.rotatedSize == 6)
    #expect(try configuration(half).layers[0].rotary?.rotatedSize == 12)
    // Old and new spelling of GPT-NeoX; five of twenty dimensions are rounded up.
    let wide: [(String, JSONValue?)] = [("hidden_size", .number("80"))]
    #expect(try configuration(wide, modelType: "gpt_neox").layers[0].rotary?.rotatedSize == 6)
    #expect(try configuration(wide, modelType: "gpt_neox").layers[0].rotary?.dimensions == 5)
    let percent = wide + [("rotary_pct", .number("1")), ("rope_theta", .number("77"))]
    let old = try configuration(percent, modelType: "gpt_neox").layers[0].rotary
    #expect(old == RotaryEmbedding(theta: 10_000, rotatedSize: 20))
    #expect(throws: Diagnostic.self) { try configuration(wide, modelType: "stablelm") }
    let stretched: [(String, JSONValue?)] = [
      ("rope_scaling", object([("type", .string("linear")), ("factor", .number("2"))]))
    ]
    #expect(
      throws: Diagnostic(
        "a part of 0.5 of each head cannot rotate in this model type",
        at: "m/config.json: partial_rotary_factor", fix: "take the file from the original model")
    ) { try configuration(half + stretched) }
  }
}

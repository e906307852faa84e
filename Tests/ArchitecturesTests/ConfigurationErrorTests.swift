import Diagnostics
import Documents
import Testing

@testable import Architectures

/// A mistake in one key of `config.json`, and what is said about it.
struct Mistake: Sendable, CustomTestStringConvertible {
  let key: String
  let value: JSONValue?
  let problem: String
  let fix: String

  init(_ key: String, _ value: JSONValue?, _ problem: String, _ fix: String) {
    self.key = key
    self.value = value
    self.problem = problem
    self.fix = fix
  }

  var testDescription: String { "\(key): \(problem)" }
}

private let original = "as in the original model's file"
private let again = "correct the value, or download the file again"
private let replace = "take the file from the original model"

@Suite("Errors in config.json")
struct ConfigurationErrorTests {
  @Test("refuses unknown model types and classes with the supported ones")
  func unknown() {
    let classes = ("architectures", JSONValue.array([.string("FrobnicatorForCausalLM")]))
    let types = Architecture.all.names
    let known = types.compactMap { Architecture.all[$0]?.className }
    #expect(
      throws: Diagnostic(
        "unknown model type 'frobnicator' (architecture FrobnicatorForCausalLM)",
        at: "m/config.json: model_type", fix: "use one of: \(types.joined(separator: ", "))")
    ) { try configuration([classes], modelType: "frobnicator") }
    #expect(
      throws: Diagnostic(
        "architecture FrobnicatorForCausalLM is not supported for model type 'llama'",
        at: "m/config.json: architectures", fix: "use a model of LlamaForCausalLM")
    ) { try configuration([classes]) }
    #expect(
      throws: Diagnostic(
        "unknown architecture 'BertModel'", at: "m/config.json: architectures",
        fix: "use one of: \(known.joined(separator: ", "))")
    ) {
      try configuration([
        ("model_type", nil), ("architectures", .array([.string("BertModel")])),
      ])
    }
    #expect(
      throws: Diagnostic(
        "the key is missing", at: "m/config.json: model_type",
        fix: "add 'llama' or the like, or \(replace)")
    ) { try configuration([("model_type", nil)]) }
  }

  @Test(
    "names the file and the key of what is wrong",
    arguments: [
      Mistake("hidden_size", nil, "the key is missing", "add a whole number, or \(replace)"),
      Mistake(
        "hidden_size", .string("48"), "'48' is not a whole number",
        "write a whole number, \(original)"),
      Mistake(
        "hidden_size", .number("48.5"), "48.5 is not a whole number",
        "write a whole number, \(original)"),
      Mistake("vocab_size", .number("-1"), "-1 is outside of 1...268435456", again),
      Mistake(
        "vocab_size", .number("9000000000000000000"),
        "9000000000000000000 is outside of 1...268435456", again),
      Mistake("num_hidden_layers", .number("1000000"), "1000000 is outside of 1...4096", again),
      Mistake(
        "num_key_value_heads", .number("3"),
        "4 attention heads are no multiple of 3 key-value heads", replace),
      Mistake(
        "head_dim", .number("7"), "heads of 7 dimensions cannot be rotated in pairs", replace),
      Mistake(
        "rms_norm_eps", .bool(true), "true is not a number", "write a number, \(original)"),
      Mistake("rms_norm_eps", .number("0"), "0.0 is not above 0", again),
      Mistake(
        "rope_scaling", .string("linear"), "'linear' is not an object",
        "write an object, \(original)"),
      Mistake(
        "rope_theta", .number("1e999"), "1e999 is not a number", "write a number, \(original)"),
      Mistake(
        "tie_word_embeddings", .array([]), "a list is not true or false",
        "write true or false, \(original)"),
      Mistake(
        "quantization_config", object([("quant_method", .string("gptq"))]),
        "the weights are quantised (gptq)",
        "use the checkpoint stored as F32, F16 or BF16 from which this one was made"),
    ])
  func mistakes(mistake: Mistake) {
    #expect(
      throws: Diagnostic(mistake.problem, at: "m/config.json: \(mistake.key)", fix: mistake.fix)
    ) { try configuration([(mistake.key, mistake.value)]) }
  }

  @Test("refuses sizes that do not go together")
  func sizes() {
    #expect(
      throws: Diagnostic(
        "48 is no multiple of 5 attention heads, and there is no head_dim",
        at: "m/config.json: hidden_size", fix: replace)
    ) {
      try configuration([
        ("num_attention_heads", .number("5")), ("num_key_value_heads", .number("1")),
      ])
    }
  }

  @Test("refuses rotary embeddings that it does not know")
  func unknownRope() {
    #expect(
      throws: Diagnostic(
        "rotary embeddings of type 'yarrn' are not supported",
        at: "m/config.json: rope_scaling: type",
        fix: "use a model of type default, linear, dynamic, llama3, yarn or longrope")
    ) { try configuration([("rope_scaling", object([("type", .string("yarrn"))]))]) }
    #expect(
      throws: Diagnostic(
        "the key is missing", at: "m/config.json: rope_parameters: factor",
        fix: "add a number, or \(replace)")
    ) { try configuration([("rope_parameters", object([("rope_type", .string("linear"))]))]) }
  }

  @Test("refuses layer types that do not fit")
  func layerTypes() {
    let window: [(String, JSONValue?)] = [
      ("use_sliding_window", .bool(true)), ("sliding_window", .number("8")),
    ]
    #expect(
      throws: Diagnostic(
        "1 types for 3 layers", at: "m/config.json: layer_types", fix: "list one type per layer")
    ) {
      try configuration(
        window + [("layer_types", .array([.string("full_attention")]))], modelType: "qwen2")
    }
  }

  @Test("suggests the activation that was meant")
  func unknownActivation() {
    #expect {
      try configuration([("hidden_act", .string("sillu"))])
    } throws: { error in
      let diagnostic = error as? Diagnostic
      return diagnostic?.problem == "unknown activation 'sillu'"
        && diagnostic?.location == "m/config.json: hidden_act"
        && diagnostic?.fix.hasPrefix("did you mean 'silu'?") == true
    }
  }

  @Test("refuses a document that is no object")
  func noObject() {
    #expect(throws: Diagnostic("is not a JSON object", at: "m/config.json", fix: replace)) {
      try ModelConfiguration(config: .array([]), location: "m/config.json")
    }
  }
}

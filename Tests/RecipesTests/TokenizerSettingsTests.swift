import Diagnostics
import Recipes
import Testing

private func recipe(_ tokenizer: String) throws -> Recipe {
  try RecipeDocument.parse(
    text: "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}\n"
      + tokenizer, location: "m.yaml"
  ).output
}

@Suite("What recipes say about the tokenizer") struct TokenizerSettingsTests {
  private let b = ModelReference(path: "b")

  @Test("sources, padding and tokens of every kind")
  func forms() throws {
    #expect(try recipe("tokenizer_source: union").tokenizer == .init(.union))
    #expect(try recipe("tokenizer: {pad_to_multiple_of: 64}").tokenizer?.source == .union)
    let settings = try recipe(
      """
      tokenizer:
        source: base
        pad_to_multiple_of: "8"
        tokens:
          <a>: {source: b}
          <b>: {source: {kind: zero}, force: yes}
          <c>: {source: {kind: model_token, model: b, token: no}}
          <d>: {source: {kind: model_token, model: {model: {path: b}}, token_id: 3}}
          <e>: {}
          <f>: {source: {model: {path: b}}}
      """
    ).tokenizer
    #expect(
      settings
        == TokenizerSettings(
          .base, rowMultiple: 8,
          tokens: [
            .init("<a>", source: .model(b)), .init("<b>", source: .zero, isForced: true),
            .init("<c>", source: .token("no", of: b)), .init("<d>", source: .row(3, of: b)),
            .init("<e>"), .init("<f>", source: .model(b)),
          ]))
  }

  @Test(
    "mistakes are named",
    arguments: [
      ("tokenizer: {sorce: base}", "did you mean 'source'"),
      ("tokenizer: {source: base}\ntokenizer_source: base", "exclude each other"),
      ("tokenizer: {pad_to_multiple_of: 0}", "value 0 is outside 1..."),
      ("tokenizer: {tokens: {x: {sauce: a}}}", "did you mean 'source'"),
      ("tokenizer: {tokens: {x: {source: {kind: zerro}}}}", "did you mean 'zero'"),
      ("tokenizer: {tokens: {x: {source: {kind: zero, model: a}}}}", "unknown key 'model'"),
      ("tokenizer: {tokens: {x: {source: {kind: model_token, model: a}}}}", "exactly one of"),
      ("tokenizer: {tokens: {x: {force: true}}}", "is forced, but has no source"),
      ("tokenizer: {tokens: {x: {source: c}}}", "come from 'c', which is not merged"),
      ("tokenizer: {tokens: [x]}", "'tokens' must be a mapping"),
    ])
  func mistakes(text: String, words: String) throws {
    let error = try #require(throws: Diagnostic.self) { try recipe(text) }
    #expect(error.description.contains(words), "\(error)")
  }
}

@Suite("Model references") struct ModelReferenceTests {
  private func reference(_ yaml: String) throws -> ModelReference? {
    try RecipeDocument.parse(
      text: "merge_method: passthrough\nmodels: [{model: \(yaml)}]\n", location: "m.yaml"
    ).output.models.first
  }

  @Test("as text and as a mapping")
  func forms() throws {
    #expect(
      try reference("org/m@v1+lora@v2")
        == ModelReference(
          path: "org/m", revision: "v1", adapter: .init(path: "lora", revision: "v2")))
    #expect(
      try reference("{model: {path: a+b}, lora: c@1, override_architecture: LlamaForCausalLM}")
        == ModelReference(
          path: "a+b", adapter: .init(path: "c", revision: "1"), architecture: "LlamaForCausalLM"))
    #expect(try reference("{model: m@x}") == ModelReference(path: "m", revision: "x"))
    #expect(try reference("m+l")?.description == "m+l")
  }

  @Test("that mean nothing", arguments: ["a+", "+l", "a@b@c", "a+l@", "{model: {pth: a}}", "{}"])
  func refused(text: String) {
    #expect(throws: Diagnostic.self) { try reference(text) }
  }
}

import Diagnostics
import Recipes
import Tensors
import Testing

/// Documents drawn at random, written and read back.
@Suite("Written recipes read back equal") struct RecipeRoundTripTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func isTrue() -> Bool { Bool.random(using: &self) }

    mutating func index(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    /// Paths that need quotes, mappings or neither.
    mutating func model(_ index: Int) -> ModelReference {
      let paths = [
        "/a/b", "org/model", "a b", "x@y", "x+y", "yes", "1e5", "07", "é", "#c", "a: b", "'q\"",
        "base", "2024-01-02", "~", "-x", "a\tb", "null",
      ]
      return ModelReference(
        path: paths[self.index(paths.count)] + (isTrue() ? "" : "-\(index)"),
        revision: isTrue() ? nil : ["main", "v1", "0", "a@b"][self.index(4)],
        adapter: self.index(4) > 0
          ? nil : .init(path: paths[self.index(paths.count)], revision: isTrue() ? nil : "r+1"),
        architecture: self.index(6) > 0 ? nil : "LlamaForCausalLM")
    }

    /// Rows come from the models that are merged.
    mutating func tokenizer(_ models: [ModelReference]) -> TokenizerSettings? {
      let sources: [TokenizerSettings.Source] = [.base, .union, .model(model(9))]
      guard isTrue() else { return nil }
      let texts = ["<|im_start|>", "yes", "a: b", "é", "7", "<pad>", "'"]
      let tokens = texts.prefix(isTrue() ? 0 : index(texts.count)).map { text in
        let model = models[index(models.count)]
        let rows: [TokenizerSettings.RowSource?] = [
          nil, .zero, .model(model), .token("no", of: model), .row(3, of: model),
        ]
        let source = rows[index(rows.count)]
        return TokenizerSettings.Token(text, source: source, isForced: source != nil && isTrue())
      }
      return TokenizerSettings(
        sources[index(3)], rowMultiple: isTrue() ? nil : 64, tokens: tokens)
    }

    mutating func real(_ spec: ParameterSpec) -> Double {
      if let valid = spec.valid { return Double.random(in: valid, using: &self) }
      let values: [Double] = [
        0, 1, -1, 0.1, 1e-5, 1e22, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        123_456_789.125, -2.5e-7,
      ]
      return isTrue() ? values[index(values.count)] : Double.random(in: -3...3, using: &self)
    }

    mutating func scalar(_ spec: ParameterSpec) -> ParameterScalar {
      switch spec.kind {
      case .boolean: .boolean(isTrue())
      case .integer: .integer(index(1000))
      case .real: .real(real(spec))
      }
    }

    mutating func curve(_ spec: ParameterSpec) -> ParameterCurve {
      if isTrue() { return .constant(scalar(spec)) }
      return .gradient((0...index(4)).map { _ in scalar(spec) })
    }

    mutating func setting(_ spec: ParameterSpec) -> ParameterSetting {
      let filters = ["mlp", "layers.1.", "self_attn", "no", "1.5", " x", "a#b", "[", "0"]
      var clauses = (0..<index(3)).map { _ in
        ParameterSetting.Clause(filter: filters[index(filters.count)], curve(spec))
      }
      clauses.append(.init(curve(spec)))
      return ParameterSetting(clauses)
    }

    mutating func settings(_ specs: [ParameterSpec], complete: Bool) -> ParameterSettings {
      var settings = ParameterSettings()
      for spec in specs where complete && spec.isRequired || isTrue() {
        settings[spec.name] = setting(spec)
      }
      return settings
    }

    mutating func recipe(name: String?) -> Recipe {
      let names = MethodDeclaration.all.names
      let method = MethodDeclaration.all[names[index(names.count)]] ?? .linear
      let count = method.inputs.maximum ?? max(2, method.inputs.minimum) + index(3)
      var models: [ModelReference] = []
      while models.count < count {
        let next = model(models.count)
        if !models.contains(next) { models.append(next) }
      }
      let perModel = method.parameters.filter(\.isPerModel)
      let assembly: Recipe.Assembly =
        isTrue()
        ? .models(models.map { .init($0, settings(perModel, complete: true)) })
        : .slices(
          (0...index(3)).map { start in
            Recipe.Slice(
              sources: models.map {
                .init($0, layers: start..<(start + 2), settings(perModel, complete: true))
              },
              baseModel: method.base == .required && isTrue() ? models[0] : nil,
              parameters: settings(method.parameters, complete: false))
          })
      let dtypes: [DType?] = [nil, .f16, .bf16, .f32, .f64]
      let chats: [Recipe.ChatTemplate?] = [
        nil, .auto, .builtIn("chatml"), .text("{% for m in messages %}\n{{ m }}{% endfor %}"),
      ]
      return Recipe(
        name: name, method: method,
        baseModel: method.base == .required ? models[index(models.count)] : nil,
        assembly: assembly,
        moduleParameters: isTrue() ? nil : settings(method.parameters, complete: false),
        parameters: settings(method.parameters, complete: true), dtype: dtypes[index(5)],
        outDType: dtypes[index(5)],
        tokenizer: tokenizer(models), chatTemplate: chats[index(4)],
        maskSeed: isTrue() ? 0 : UInt64.random(in: 0 ... .max, using: &self))
    }
  }

  @Test("single and multi-stage documents", arguments: 0..<200)
  func roundTrip(seed: UInt64) throws {
    var generator = Generator(state: seed &* 7919)
    let count = generator.index(3) + 1
    let stages = (0..<count).map { index in
      generator.recipe(name: index + 1 < count || generator.isTrue() ? "stage \(index)" : nil)
    }
    for document in try stages.map({ try RecipeDocument($0) }) {
      let read = try RecipeDocument.parse(text: document.yaml, location: "written")
      #expect(read == document)
    }
    guard stages.count(where: { $0.name == nil }) == 1 else { return }
    let document = try RecipeDocument(stages)
    #expect(
      try RecipeDocument.parse(text: document.yaml(notes: ["a note", "two\nlines"]), location: "w")
        == document)
  }
}

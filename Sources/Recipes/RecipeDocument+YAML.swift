import Documents
import Tensors

extension RecipeDocument {
  /// The document as YAML that mergekit reads (several stages: `mergekit-multi`) and that
  /// ``parse(text:location:)`` reads back to an equal document.
  public var yaml: String { yaml(notes: []) }

  /// As ``yaml``, with comment lines at the top.
  public func yaml(notes: [String]) -> String {
    let header = notes.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
      .map { "# \($0)\n" }.joined()
    return header + stages.map(\.yaml).joined(separator: "---\n")
  }
}

extension Recipe {
  var yaml: String {
    var writer = RecipeWriter()
    if method.isStochastic || maskSeed != 0 { writer.line(0, MaskSeedComment.text(maskSeed)) }
    if let name { writer.entry(0, "name", YAMLLiteral.string(name)) }
    writer.entry(0, "merge_method", method.name)
    if let baseModel { writer.entry(0, "base_model", baseModel.yaml) }
    if let moduleParameters {
      writer.line(0, "modules:")
      writer.line(1, "default:")
      writer.write(2, assembly)
      writer.parameters(2, moduleParameters)
    } else {
      writer.write(0, assembly)
    }
    writer.parameters(0, parameters)
    if let dtype { writer.entry(0, "dtype", Self.name(of: dtype)) }
    if let outDType { writer.entry(0, "out_dtype", Self.name(of: outDType)) }
    if let tokenizer { writer.write(tokenizer) }
    switch chatTemplate {
    case .auto: writer.entry(0, "chat_template", "auto")
    case .builtIn(let name): writer.entry(0, "chat_template", name)
    case .text(let text): writer.entry(0, "chat_template", YAMLLiteral.string(text))
    case nil: break
    }
    return writer.text
  }

  private static func name(of dtype: DType) -> String {
    guard let name = dtypes.first(where: { $0.dtype == dtype })?.name else {
      preconditionFailure("\(dtype) is not a dtype of a recipe")
    }
    return name
  }
}

private struct RecipeWriter {
  var text = ""

  mutating func line(_ level: Int, _ content: String) {
    text += String(repeating: "  ", count: level) + content + "\n"
  }

  mutating func entry(_ level: Int, _ key: String, _ value: String) {
    line(level, "\(key): \(value)")
  }

  mutating func write(_ level: Int, _ assembly: Recipe.Assembly) {
    switch assembly {
    case .models(let inputs):
      list(level, "models", isEmpty: inputs.isEmpty)
      for input in inputs {
        line(level + 1, "- model: \(input.model.yaml)")
        parameters(level + 2, input.parameters)
      }
    case .slices(let slices):
      list(level, "slices", isEmpty: slices.isEmpty)
      for slice in slices {
        line(level + 1, "- sources:")
        for source in slice.sources {
          line(level + 3, "- model: \(source.model.yaml)")
          entry(
            level + 4, "layer_range", "[\(source.layers.lowerBound), \(source.layers.upperBound)]")
          parameters(level + 4, source.parameters)
        }
        if let base = slice.baseModel { entry(level + 2, "base_model", base.yaml) }
        parameters(level + 2, slice.parameters)
      }
    }
  }

  mutating func write(_ tokenizer: TokenizerSettings) {
    let source =
      switch tokenizer.source {
      case .base: "base"
      case .union: "union"
      case .model(let model): model.yamlBesideKeywords
      }
    guard tokenizer.rowMultiple != nil || !tokenizer.tokens.isEmpty else {
      entry(0, "tokenizer_source", source)
      return
    }
    line(0, "tokenizer:")
    entry(1, "source", source)
    if let multiple = tokenizer.rowMultiple { entry(1, "pad_to_multiple_of", "\(multiple)") }
    if !tokenizer.tokens.isEmpty { line(1, "tokens:") }
    for token in tokenizer.tokens {
      var settings = token.source.map { ["source: \(Self.literal($0))"] } ?? []
      if token.isForced { settings.append("force: true") }
      entry(2, YAMLLiteral.string(token.text), "{\(settings.joined(separator: ", "))}")
    }
  }

  private static func literal(_ source: TokenizerSettings.RowSource) -> String {
    switch source {
    case .zero: "{kind: zero}"
    case .model(let model): model.yaml
    case .token(let text, let model):
      "{kind: model_token, model: \(model.yaml), token: \(YAMLLiteral.string(text))}"
    case .row(let row, let model): "{kind: model_token, model: \(model.yaml), token_id: \(row)}"
    }
  }

  private mutating func list(_ level: Int, _ key: String, isEmpty: Bool) {
    line(level, isEmpty ? "\(key): []" : "\(key):")
  }

  mutating func parameters(_ level: Int, _ settings: ParameterSettings) {
    guard !settings.isEmpty else { return }
    line(level, "parameters:")
    for name in settings.names {
      guard let setting = settings[name] else { continue }
      if setting.clauses.count == 1, setting.clauses[0].filter == nil {
        entry(level + 1, name.rawValue, Self.literal(setting.clauses[0].curve))
        continue
      }
      line(level + 1, "\(name):")
      for clause in setting.clauses {
        let value = "value: \(Self.literal(clause.curve))"
        if let filter = clause.filter {
          line(level + 2, "- filter: \(YAMLLiteral.string(filter))")
          line(level + 3, value)
        } else {
          line(level + 2, "- \(value)")
        }
      }
    }
  }

  private static func literal(_ curve: ParameterCurve) -> String {
    switch curve {
    case .constant(let value): literal(value)
    case .gradient(let values): "[" + values.map(literal).joined(separator: ", ") + "]"
    }
  }

  private static func literal(_ value: ParameterScalar) -> String {
    switch value {
    case .real(let value): YAMLLiteral.number(value)
    case .integer(let value): value.description
    case .boolean(let value): value.description
    }
  }
}

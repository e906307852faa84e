import Diagnostics
import Documents
import Tensors

extension Recipe {
  private static let keys = [
    "merge_method", "base_model", "models", "slices", "modules", "parameters", "dtype",
    "out_dtype", "tokenizer_source", "tokenizer", "chat_template", "name",
  ]

  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  init(_ document: YAMLDocument) throws(Diagnostic) {
    let mapping = try document.root.mapping("a recipe")
    try mapping.rejectUnknownKeys(known: Self.keys)
    let methodName = try mapping.required("merge_method")
    let method = try MethodDeclaration.all.entry(
      named: methodName.string(), at: methodName.location)
    let (assembly, moduleParameters) = try Self.assembly(mapping, method)
    self.init(
      name: try mapping.optional("name")?.string(),
      method: method,
      baseModel: try mapping.optional("base_model").map(ModelReference.init),
      assembly: assembly,
      moduleParameters: moduleParameters,
      parameters: try ParameterSettings(mapping.optional("parameters"), of: method),
      dtype: try mapping.optional("dtype").map(Self.dtype),
      outDType: try mapping.optional("out_dtype").map(Self.dtype),
      tokenizer: try TokenizerSettings(recipe: mapping),
      chatTemplate: try mapping.optional("chat_template").map(ChatTemplate.init),
      maskSeed: try MaskSeedComment.seed(in: document))
  }

  private static func assembly(
    _ mapping: YAMLMapping, _ method: MethodDeclaration
  ) throws(Diagnostic) -> (Assembly, ParameterSettings?) {
    let forms = ["models", "slices", "modules"].filter { mapping.optional($0) != nil }
    guard forms.count == 1 else {
      throw mapping.problem(
        forms.isEmpty
          ? "none of 'models', 'slices' and 'modules' is given"
          : "\(forms.map { "'\($0)'" }.joined(separator: " and ")) exclude each other",
        fix: "give exactly one of models, slices, modules")
    }
    guard let modules = mapping.optional("modules") else {
      return (try assembly(of: mapping, method), nil)
    }
    let names = try modules.mapping("'modules'")
    guard let module = names["default"] else {
      throw names.problem(
        "unknown module \(names.keys.map { "'\($0)'" }.joined(separator: ", "))",
        fix: "language models have the one module 'default'")
    }
    try names.rejectUnknownKeys(known: ["default"], noun: "module")
    let content = try module.mapping("a module")
    try content.rejectUnknownKeys(known: ["models", "slices", "parameters"])
    let given = ["models", "slices"].filter { content.optional($0) != nil }
    guard given.count == 1 else {
      throw content.problem(
        "a module needs either 'models' or 'slices'", fix: "give exactly one of models, slices")
    }
    return (
      try assembly(of: content, method),
      try ParameterSettings(content.optional("parameters"), of: method)
    )
  }

  private static func assembly(
    of mapping: YAMLMapping, _ method: MethodDeclaration
  ) throws(Diagnostic) -> Assembly {
    if let models = mapping.optional("models") {
      return .models(
        try models.sequence().map { node throws(Diagnostic) in
          try input(node, method)
        })
    }
    let slices = try mapping.required("slices").sequence()
    return .slices(try slices.map { node throws(Diagnostic) in try slice(node, method) })
  }

  private static func input(
    _ node: YAMLNode, _ method: MethodDeclaration
  ) throws(Diagnostic) -> Input {
    let mapping = try node.mapping("a model")
    try mapping.rejectUnknownKeys(known: ["model", "parameters"])
    return Input(
      try ModelReference(mapping.required("model")),
      try ParameterSettings(mapping.optional("parameters"), of: method, perModel: true))
  }

  private static func slice(
    _ node: YAMLNode, _ method: MethodDeclaration
  ) throws(Diagnostic) -> Slice {
    let mapping = try node.mapping("a slice")
    try mapping.rejectUnknownKeys(
      known: ["sources", "base_model", "parameters", "residual_weight"])
    let sources = try mapping.required("sources")
    let list = try sources.sequence()
    guard !list.isEmpty else {
      throw sources.problem("'sources' is empty", fix: "list at least one source")
    }
    return Slice(
      sources: try list.map { node throws(Diagnostic) in try source(node, method) },
      baseModel: try mapping.optional("base_model").map(ModelReference.init),
      parameters: try ParameterSettings(mapping.optional("parameters"), of: method))
  }

  private static func source(
    _ node: YAMLNode, _ method: MethodDeclaration
  ) throws(Diagnostic) -> Source {
    let mapping = try node.mapping("a source")
    try mapping.rejectUnknownKeys(known: ["model", "layer_range", "parameters"])
    let range = try mapping.required("layer_range")
    let bounds = try range.sequence()
    guard bounds.count == 2 else {
      throw range.problem(
        "layer_range has \(bounds.count) entries", fix: "write [first, end], such as [0, 12]")
    }
    let start = try bounds[0].integer(in: 0...Int(Int32.max))
    let end = try bounds[1].integer(in: 0...Int(Int32.max))
    guard start < end else {
      throw range.problem(
        "layer_range [\(start), \(end)] holds no layer",
        fix: "write [first, end] with first < end; the end itself is not included")
    }
    return Source(
      try ModelReference(mapping.required("model")), layers: start..<end,
      try ParameterSettings(mapping.optional("parameters"), of: method, perModel: true))
  }

  private static func dtype(_ node: YAMLNode) throws(Diagnostic) -> DType {
    let text = try node.string()
    let name = text.hasPrefix("torch.") ? String(text.dropFirst(6)) : text
    if let dtype = dtypes.first(where: { $0.name == name })?.dtype { return dtype }
    if name == "int64" {
      throw node.problem(
        "dtype int64 cannot hold weights", fix: "use float32, bfloat16, float16 or float64")
    }
    throw unknownName(text, noun: "dtype", known: dtypes.map(\.name), at: node.location)
  }

  /// The names that a recipe may give.
  static let dtypes: [(name: String, dtype: DType)] = [
    ("float16", .f16), ("bfloat16", .bf16), ("float32", .f32), ("float64", .f64),
  ]
}

extension Recipe.ChatTemplate {
  fileprivate init(_ node: YAMLNode) throws(Diagnostic) {
    let text = try node.string()
    if text == "auto" {
      self = .auto
    } else if Self.builtInNames.contains(text) {
      self = .builtIn(text)
    } else if text.contains("{"), text.count >= 20 {
      self = .text(text)
    } else {
      throw unknownName(
        text, noun: "chat template", known: ["auto"] + Self.builtInNames, at: node.location)
    }
  }
}

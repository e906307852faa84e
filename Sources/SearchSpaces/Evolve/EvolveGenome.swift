public import Diagnostics
public import Documents
public import Recipes

/// The `genome:` section of a search file of mergekit-evolve.
///
/// Reference: mergekit 0.1.5, `mergekit/evo/genome.py`.
public struct EvolveGenome: Hashable, Sendable {
  /// As written; their order is that of the numbers.
  public let models: [ModelReference]
  public let method: MethodDeclaration
  public let base: ModelReference?
  /// Whether embeddings and head take the vocabulary of the base.
  let alignsTokenizer: Bool
  /// Layers that share numbers; nil: all.
  let layersPerGroup: Int?
  let normalizes: Bool
  let allowsNegativeWeights: Bool
  /// Parts of tensor names with numbers of their own, before all other tensors.
  let filters: [String]
  /// Whether the numbers of the groups are points of a line over the layers.
  let isSmooth: Bool
  /// File and line.
  public let location: String

  /// The methods of mergekit-evolve with what it searches of each, in the order of its numbers.
  private static let searched: [(method: MethodDeclaration, parameters: [ParameterName])] = [
    (.linear, [.weight]), (.taskArithmetic, [.weight]), (.ties, [.weight, .density]),
    (.dareTies, [.weight, .density]), (.slerp, [.t]),
  ]

  var parameters: [ParameterName] {
    Self.searched.first { $0.method == method }?.parameters ?? []
  }

  /// The models other than the base.
  public var experts: [ModelReference] { models.filter { $0 != base } }

  /// - Throws: ``Diagnostic`` that names line and key of what is wrong, or of what mergekit-evolve itself
  ///   cannot run.
  public init(_ node: YAMLNode) throws(Diagnostic) {
    let mapping = try node.mapping("'genome'")
    try mapping.rejectUnknownKeys(known: [
      "models", "merge_method", "base_model", "tokenizer_source", "layer_granularity", "normalize",
      "allow_negative_weights", "filters", "smooth",
    ])
    location = mapping.location
    var models: [ModelReference] = []
    for element in try mapping.required("models").sequence() {
      let model = try Self.model(element)
      guard !models.contains(model) else {
        throw element.problem("'\(model)' is listed twice", fix: "list every model once")
      }
      models.append(model)
    }
    self.models = models
    base = try mapping.optional("base_model").map(Self.model)
    method = try Self.method(mapping.required("merge_method"))
    let granularity = try mapping.optional("layer_granularity")?.integer() ?? 0
    layersPerGroup = granularity > 0 ? granularity : nil
    normalizes =
      try mapping.optional("normalize")?.bool()
      ?? [.ties, .dareTies, .linear].contains(method)
    allowsNegativeWeights = try mapping.optional("allow_negative_weights")?.bool() ?? false
    var filters: [String] = []
    for element in try mapping.optional("filters")?.sequence() ?? [] {
      filters.append(try element.string())
    }
    self.filters = filters
    isSmooth = try mapping.optional("smooth")?.bool() ?? false
    alignsTokenizer = try Self.alignsTokenizer(mapping.optional("tokenizer_source"), base: base)
    try check(mapping)
  }

  private static func model(_ node: YAMLNode) throws(Diagnostic) -> ModelReference {
    let model = try ModelReference(node)
    guard model.adapter == nil, model.architecture == nil else {
      throw node.problem(
        "a search takes whole models, not '\(model)' with an adapter or another architecture",
        fix: "make the model first: `mergevolve merge` a recipe with it, then name the folder")
    }
    return model
  }

  private static func method(_ node: YAMLNode) throws(Diagnostic) -> MethodDeclaration {
    let name = try node.string()
    if let entry = searched.first(where: { $0.method.name == name }) { return entry.method }
    let known = searched.map(\.method.name)
    guard MethodDeclaration.all[name] != nil else {
      throw unknownName(
        name, noun: "merge method of mergekit-evolve", known: known, at: node.location)
    }
    throw node.problem(
      "mergekit-evolve does not search \(name), but \(known.joined(separator: ", "))",
      fix: "write a search file of our own with 'space: {method: \(name)}'")
  }

  private static func alignsTokenizer(
    _ node: YAMLNode?, base: ModelReference?
  ) throws(Diagnostic) -> Bool {
    guard let node else { return false }
    let named = node.scalar?.text == "base" ? base : try ModelReference(node)
    guard base != nil, named == base else {
      throw node.problem(
        base == nil
          ? "the tokenizer of a base is wanted, but there is no base_model"
          : "the questions are put in the tokenizer of base_model, so merges have to keep it",
        fix: "remove 'tokenizer_source', or write 'base' beside a base_model")
    }
    return true
  }

  private func check(_ mapping: YAMLMapping) throws(Diagnostic) {
    guard !experts.isEmpty else {
      throw mapping.problem("there is nothing to merge", fix: "list models other than base_model")
    }
    if method.base == .required, method != .slerp, base == nil {
      throw mapping.problem(
        "merge method \(method.name) needs a base_model",
        fix: "add 'base_model: …', the model that the others were made from")
    }
    if [.linear, .slerp].contains(method), let base, !models.contains(base) {
      throw mapping.problem(
        "\(method.name) has no use for a base_model that is not one of the models, and mergekit-evolve "
          + "cannot run it",
        fix: "remove 'base_model', or list it among the models")
    }
    guard method == .slerp else { return }
    if isSmooth || !filters.isEmpty {
      throw mapping.problem(
        "slerp knows neither 'smooth' nor 'filters' in mergekit-evolve", fix: "remove the key")
    }
    guard models.count >= 2 else {
      throw mapping.problem("slerp needs two models", fix: "list at least two")
    }
  }
}

public import Diagnostics
public import Documents
import Recipes

extension MergeSpaceSettings {
  private static let keys = ["method", "profile", "components", "pair"]

  /// Reads a `space:` section.
  ///
  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  public init(_ node: YAMLNode, models: MergeModels) throws(Diagnostic) {
    let mapping = try node.mapping("'space'")
    let (methods, groups) = try Self.methods(mapping.required("method"))
    let names = methods.flatMap(\.searchParameters).map(\.name.rawValue)
    let qualified = methods.flatMap { method in
      method.searchParameters.map { "\(method.name).\($0.name)" }
    }
    try mapping.rejectUnknownKeys(known: Self.keys + names + qualified)
    self.init(
      methods: methods, groups: groups,
      profile: try mapping.optional("profile").map(Self.profile) ?? .auto,
      components: try mapping.optional("components").map(Self.components),
      pairs: try mapping.optional("pair").map { node throws(Diagnostic) in
        try Self.pairs(node, models)
      } ?? [],
      coefficients: [:], location: mapping.location)
    for entry in mapping.entries where !Self.keys.contains(entry.key) && !entry.value.isNull {
      let key = Self.key(entry.key, methods)
      coefficients[key] = try Coefficient(entry.value, key, methods)
    }
    try check(mapping, models)
  }

  private func check(_ mapping: YAMLMapping, _ models: MergeModels) throws(Diagnostic) {
    for method in methods where method.base == .required && !method.isPairwise {
      guard models.base == nil else { continue }
      throw mapping.problem(
        "method \(method.name) needs a base model", fix: "add 'base: …' under 'models'")
    }
    for method in methods where !method.isPairwise {
      let hasBase = method.base != .ignored && models.base != nil
      guard !method.allows(inputs: models.experts.count + (hasBase ? 1 : 0), withBase: hasBase)
      else { continue }
      throw mapping.problem(
        "method \(method.name) takes at least \(method.inputs.minimum) models"
          + "\(method.inputs.includesBase && hasBase ? ", the base included" : "")",
        fix: "add experts, or choose another method")
    }
    let pairwise = methods.first(where: \.isPairwise)
    if let pairwise, pairs.isEmpty {
      throw mapping.problem(
        "method \(pairwise.name) combines two models, but no 'pair' says which",
        fix: "add 'pair: [[base, EXPERT], …]'; t = 0 is the first of a pair")
    }
    if pairwise == nil, let pair = mapping.optional("pair") {
      throw pair.problem(
        "none of the methods combines two models", fix: "remove 'pair', or choose slerp")
    }
  }

  private static func methods(
    _ node: YAMLNode
  ) throws(Diagnostic) -> ([MethodDeclaration], Int) {
    guard node.isMapping else { return ([try method(node)], 1) }
    let mapping = try node.mapping("'method'")
    try mapping.rejectUnknownKeys(known: ["choose", "groups"])
    let choose = try mapping.required("choose")
    var methods: [MethodDeclaration] = []
    for element in try choose.sequence() {
      let method = try method(element)
      guard !methods.contains(method) else {
        throw element.problem("'\(method.name)' is listed twice", fix: "list every method once")
      }
      methods.append(method)
    }
    guard !methods.isEmpty else {
      throw choose.problem("lists no method", fix: "list at least one, such as [ties]")
    }
    let groups =
      try mapping.optional("groups").map { node throws(Diagnostic) in
        try node.integer(in: 1...1000)
      } ?? 1
    return (methods, groups)
  }

  private static func method(_ node: YAMLNode) throws(Diagnostic) -> MethodDeclaration {
    let method = try MethodDeclaration.all.entry(named: node.string(), at: node.location)
    guard method.inputs.maximum != 1 else {
      throw node.problem(
        "\(method.name) has a single input, so there is nothing to search",
        fix: "choose a method that combines models")
    }
    return method
  }

  private static func profile(_ node: YAMLNode) throws(Diagnostic) -> Profile {
    guard node.isMapping else {
      switch try node.string() {
      case "auto": return .auto
      case "global": return .fixed(.global)
      case "layer": return .fixed(.layer)
      case let name:
        throw unknownName(
          name, noun: "profile",
          known: ["auto", "global", "layer", "{knots: K}", "{layers_per_group: N}"],
          at: node.location)
      }
    }
    let mapping = try node.mapping("'profile'")
    try mapping.rejectUnknownKeys(known: ["knots", "layers_per_group"])
    guard mapping.entries.count == 1 else {
      throw mapping.problem(
        "a profile is either knots or layers_per_group", fix: "keep one of them")
    }
    if let knots = mapping.optional("knots") {
      let count = try knots.integer(in: 1...1000)
      return .fixed(count == 1 ? .global : .knots(count))
    }
    return .fixed(
      .layersPerGroup(try mapping.required("layers_per_group").integer(in: 1...1000)))
  }

  private static func components(_ node: YAMLNode) throws(Diagnostic) -> [ModelComponent] {
    var components: [ModelComponent] = []
    for element in try node.sequence() {
      let component = try element.choice("component", of: ModelComponent.self)
      guard !components.contains(component) else {
        throw element.problem(
          "'\(component.rawValue)' is listed twice", fix: "list every component once")
      }
      components.append(component)
    }
    return components
  }

  private static func pairs(
    _ node: YAMLNode, _ models: MergeModels
  ) throws(Diagnostic) -> [[String]] {
    let elements = try node.sequence()
    let lists = elements.contains(where: \.isSequence) ? elements : [node]
    var pairs: [[String]] = []
    for list in lists {
      let nodes = try list.sequence()
      guard nodes.count == 2 else {
        throw list.problem("a pair names two models", fix: "write [base, EXPERT]")
      }
      var pair: [String] = []
      for node in nodes {
        let name = try node.string()
        guard models.model(named: name) != nil else {
          throw unknownName(name, noun: "model", known: models.names, at: node.location)
        }
        pair.append(name)
      }
      guard pair[0] != pair[1], !pairs.contains(pair) else {
        throw list.problem(
          "the pair [\(pair[0]), \(pair[1])] repeats a model or a pair",
          fix: "list different models, and every pair once")
      }
      pairs.append(pair)
    }
    return pairs
  }

  private static func key(_ text: String, _ methods: [MethodDeclaration]) -> Key {
    for method in methods where text.hasPrefix(method.name + ".") {
      return Key(
        method: method.name, parameter: ParameterName(String(text.dropFirst(method.name.count + 1)))
      )
    }
    return Key(method: nil, parameter: ParameterName(text))
  }
}

extension MethodDeclaration {
  /// The parameters that a search may fix or vary; numbers without a suggested range have no effect.
  var searchParameters: [ParameterSpec] {
    parameters.filter {
      switch $0.kind {
      case .real: $0.suggested != nil
      case .boolean: $0.name != .int8Mask
      case .integer: false
      }
    }
  }
}

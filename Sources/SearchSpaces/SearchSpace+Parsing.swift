public import Diagnostics
public import Documents

extension SearchSpace {
  /// Reads a list of raw parameters.
  ///
  /// As `space: {parameters: […]}` holds it:
  ///
  ///     - {name: x, type: real, range: [-5, 5], start: 1, step: 0.5}
  ///     - {name: n, type: integer, range: [1, 9]}
  ///     - {name: kind, type: categorical, choices: [a, b], start: b}
  ///     - {name: y, type: real, range: none, start: 0, step: 1, active_when: {kind: [b]}}
  ///
  /// A start that is missing is the middle of the range, or any of the choices alike; a start of a
  /// categorical parameter has 0.7 of the initial probability.
  ///
  /// - Throws: ``Diagnostic`` that names line and key of the first thing that is wrong.
  public init(parameters node: YAMLNode) throws(Diagnostic) {
    var parameters: [SearchParameter] = []
    let nodes = try node.sequence()
    guard !nodes.isEmpty else {
      throw node.problem("lists no parameters", fix: "list at least one {name, type, range}")
    }
    for element in nodes {
      parameters.append(try SearchParameter(element))
    }
    for (parameter, element) in zip(parameters, nodes) {
      if parameters.count(where: { $0.name == parameter.name }) > 1 {
        throw element.problem(
          "two parameters are called '\(parameter.name)'", fix: "give each a name of its own")
      }
      let missing = parameter.activeWhen.flatMap(\.parameters).first { name in
        !parameters.contains { $0.name == name }
      }
      if let missing {
        throw unknownName(
          missing, noun: "parameter", known: parameters.map(\.name),
          at: "\(element.location).active_when")
      }
    }
    try self.init(parameters, at: node.location)
  }
}

extension SearchParameter {
  private enum TypeName: String, CaseIterable { case real, integer, categorical }

  fileprivate init(_ node: YAMLNode) throws(Diagnostic) {
    let mapping = try node.mapping("a parameter")
    let type: TypeName = try mapping.required("type").choice("type of parameter")
    let own = type == .categorical ? ["choices", "start"] : ["range", "start", "step"]
    try mapping.rejectUnknownKeys(known: ["name", "type"] + own + ["active_when"])
    let name = try mapping.required("name").string()
    guard !name.isEmpty else { throw node.problem("has an empty name", fix: "name the parameter") }
    let kind: Kind =
      switch type {
      case .real: try Self.real(mapping)
      case .integer: try Self.integer(mapping)
      case .categorical: try Self.categorical(mapping)
      }
    self.init(name, kind, activeWhen: try Self.conditions(mapping.optional("active_when")))
  }

  private static func bounds(_ node: YAMLNode) throws(Diagnostic) -> (low: YAMLNode, high: YAMLNode)
  {
    let ends = try node.sequence()
    guard ends.count == 2 else {
      throw node.problem("is not a range", fix: "write [low, high], or none for no bounds")
    }
    return (ends[0], ends[1])
  }

  private static func real(_ mapping: YAMLMapping) throws(Diagnostic) -> Kind {
    let step = try mapping.optional("step")?.double()
    let start = try mapping.optional("start")?.double()
    let node = try mapping.required("range")
    if node.scalar?.text == "none" {
      return .real(range: nil, start: start ?? 0, step: step)
    }
    let ends = try bounds(node)
    let (low, high) = (try ends.low.double(), try ends.high.double())
    guard low < high else {
      throw node.problem("\(low) is not below \(high)", fix: "write the smaller bound first")
    }
    return .real(range: low...high, start: start ?? low + (high - low) / 2, step: step)
  }

  private static func integer(_ mapping: YAMLMapping) throws(Diagnostic) -> Kind {
    let node = try mapping.required("range")
    let ends = try bounds(node)
    let (low, high) = (try ends.low.integer(), try ends.high.integer())
    guard low <= high else {
      throw node.problem("\(low) is above \(high)", fix: "write the smaller bound first")
    }
    return .integer(
      range: low...high,
      start: try mapping.optional("start")?.double() ?? (Double(low) + Double(high)) / 2,
      step: try mapping.optional("step")?.double())
  }

  private static func categorical(_ mapping: YAMLMapping) throws(Diagnostic) -> Kind {
    var choices: [String] = []
    for node in try mapping.required("choices").sequence() { choices.append(try node.string()) }
    guard let node = mapping.optional("start") else { return .categorical(choices: choices) }
    let start = try node.string()
    guard choices.contains(start) else {
      throw unknownName(start, noun: "choice", known: choices, at: node.location)
    }
    guard choices.count > 1 else { return .categorical(choices: choices) }
    let rest = 0.3 / Double(choices.count - 1)
    return .categorical(choices: choices, initial: choices.map { $0 == start ? 0.7 : rest })
  }

  /// `{parameter: value}` or `{parameter: [values]}`; several entries must all hold.
  private static func conditions(_ node: YAMLNode?) throws(Diagnostic) -> [Condition] {
    guard let node else { return [] }
    var conditions: [Condition] = []
    for entry in try node.mapping("'active_when'").entries {
      var values: [String] = []
      for value in entry.value.elements { values.append(try value.string()) }
      conditions.append(Condition(entry.key, isOneOf: values))
    }
    return conditions
  }
}

import Diagnostics
import Documents

extension ParameterSettings {
  /// Reads a `parameters` mapping.
  ///
  /// - Parameters:
  ///   - node: Nil if the key is absent.
  ///   - method: Says which parameters there are.
  ///   - perModel: Whether the level belongs to one model, where shared parameters have no place.
  /// - Throws: ``Diagnostic`` for unknown names and values out of range.
  init(
    _ node: YAMLNode?, of method: MethodDeclaration, perModel: Bool = false
  ) throws(Diagnostic) {
    self.init()
    guard let node else { return }
    for entry in try node.mapping("'parameters'").entries {
      guard let spec = method.spec(named: entry.key) else {
        throw method.unknownParameter(entry.key, at: entry.value.location)
      }
      if perModel, spec.scope == .shared, spec.name != .int8Mask {
        throw entry.value.problem(
          "'\(spec.name)' is one value for all models, but stands at a single one",
          fix: "move it to the parameters of the document or of the slice")
      }
      guard let setting = try ParameterSetting(entry.value, spec) else { continue }
      self[spec.name] = setting
    }
  }
}

extension MethodDeclaration {
  /// The mask type of mergekit's own storage is accepted by all methods, and of slerp the `normalize` that
  /// mergekit-evolve writes for every method.
  fileprivate func spec(named name: String) -> ParameterSpec? {
    if let spec = parameter(ParameterName(name)) { return spec }
    switch ParameterName(name) {
    case .int8Mask: return .int8Mask
    case .normalize where self == .slerp: return .normalize(default: true)
    default: return nil
    }
  }

  fileprivate func unknownParameter(_ name: String, at location: String) -> Diagnostic {
    let known = parameters.map(\.name.rawValue)
    let owners = Self.all.names.filter { Self.all[$0]?.parameter(ParameterName(name)) != nil }
    guard !owners.isEmpty else {
      return unknownName(
        name, noun: "parameter of merge method \(self.name)", known: known, at: location)
    }
    return Diagnostic(
      "merge method \(self.name) has no parameter '\(name)'", at: location,
      fix: "remove it (\(self.name) has \(known.joined(separator: ", "))), "
        + "or use a method that has it: \(owners.joined(separator: ", "))")
  }
}

extension ParameterSetting {
  /// - Returns: Nil for an empty list, which counts as unset.
  fileprivate init?(_ node: YAMLNode, _ spec: ParameterSpec) throws(Diagnostic) {
    switch node.content {
    case .mapping:
      guard let clause = try Clause(node, spec) else { return nil }
      self.init([clause])
    case .sequence(let elements) where elements.contains(where: \.isMapping):
      var clauses: [Clause] = []
      for element in elements {
        guard element.isMapping else {
          throw element.problem(
            "a list holds either values or {filter, value} entries, not both",
            fix: "write the value as {value: …}")
        }
        if let clause = try Clause(element, spec) { clauses.append(clause) }
      }
      guard !clauses.isEmpty else { return nil }
      self.init(clauses)
    case .sequence, .scalar:
      guard let curve = try ParameterCurve(node, spec) else { return nil }
      self.init(curve)
    }
  }
}

extension ParameterSetting.Clause {
  fileprivate init?(_ node: YAMLNode, _ spec: ParameterSpec) throws(Diagnostic) {
    let mapping = try node.mapping()
    try mapping.rejectUnknownKeys(known: ["filter", "value"])
    let filter = try mapping.optional("filter")?.string()
    guard let curve = try ParameterCurve(mapping.required("value"), spec) else { return nil }
    self.init(filter: filter == "*" ? nil : filter, curve)
  }
}

extension ParameterCurve {
  fileprivate init?(_ node: YAMLNode, _ spec: ParameterSpec) throws(Diagnostic) {
    guard case .sequence(let elements) = node.content else {
      self = .constant(try ParameterScalar(node, spec))
      return
    }
    guard !elements.isEmpty else { return nil }
    var values: [ParameterScalar] = []
    for element in elements { values.append(try ParameterScalar(element, spec)) }
    self = .gradient(values)
  }
}

extension ParameterScalar {
  fileprivate init(_ node: YAMLNode, _ spec: ParameterSpec) throws(Diagnostic) {
    guard node.scalar != nil else {
      throw node.problem(
        "a value of '\(spec.name)' must be a single value, but is \(node.kind)",
        fix: "lists and {filter, value} entries do not nest")
    }
    switch spec.kind {
    case .boolean:
      self = .boolean(try node.bool())
    case .real:
      let value = try node.double()
      try spec.check(value, node)
      self = .real(value)
    case .integer:
      let value = try node.integer()
      try spec.check(Double(value), node)
      self = .integer(value)
    }
  }
}

extension ParameterSpec {
  fileprivate func check(_ value: Double, _ node: YAMLNode) throws(Diagnostic) {
    guard let valid, !valid.contains(value) else { return }
    throw node.problem(
      "\(name) \(value) is outside \(YAMLLiteral.number(valid.lowerBound))..."
        + YAMLLiteral.number(valid.upperBound),
      fix: "use a value in that range: \(summary)")
  }
}

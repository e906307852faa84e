import Diagnostics
import Documents
import Recipes

extension MergeSpaceSettings.Coefficient {
  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  init(
    _ node: YAMLNode, _ key: MergeSpaceSettings.Key, _ methods: [MethodDeclaration]
  ) throws(Diagnostic) {
    let owners = methods.filter { key.method == nil || $0.name == key.method }
    let specs = owners.compactMap { $0.parameter(key.parameter) }
    precondition(!specs.isEmpty, "unknown keys are refused before")
    guard node.isMapping else {
      self.init(value: .fixed(try Self.scalar(node, specs)), location: node.location)
      return
    }
    let mapping = try node.mapping()
    guard specs.allSatisfy({ $0.kind == .real }) else {
      try Self.checkSwitch(mapping)
      self.init(value: .switched, location: node.location)
      return
    }
    try mapping.rejectUnknownKeys(
      known: ["range", "start", "step", "value", "shared", "per_model", "depth"])
    self.init(value: try Self.value(mapping, specs), location: node.location)
    isShared = try mapping.optional("shared")?.bool() ?? false
    followsDepth = try mapping.optional("depth")?.bool()
    if let perModel = mapping.optional("per_model") {
      isOneForAllModels = try !perModel.bool()
      guard specs.allSatisfy(\.isPerModel) else {
        throw perModel.problem(
          "'\(key.parameter)' is one number for all models anyway", fix: "remove 'per_model'")
      }
    }
    if isShared, let shared = mapping.optional("shared"), key.method != nil {
      throw shared.problem(
        "a parameter of one method cannot be shared",
        fix: "write '\(key.parameter)' without the method")
    }
  }

  /// A switch is searched as `{choose: [false, true]}`.
  private static func checkSwitch(_ mapping: YAMLMapping) throws(Diagnostic) {
    try mapping.rejectUnknownKeys(known: ["choose"])
    let choose = try mapping.required("choose")
    var values: Set<Bool> = []
    for element in try choose.sequence() { values.insert(try element.bool()) }
    guard values.count == 2 else {
      throw choose.problem(
        "a switch is chosen from true and false", fix: "write {choose: [false, true]}, or a value")
    }
  }

  private static func value(
    _ mapping: YAMLMapping, _ specs: [ParameterSpec]
  ) throws(Diagnostic) -> Value {
    if let value = mapping.optional("value") {
      for key in ["range", "start", "step"] where mapping.optional(key) != nil {
        throw mapping.problem(
          "'value' fixes the parameter, so '\(key)' has no meaning", fix: "remove one of them")
      }
      return .fixed(try scalar(value, specs))
    }
    let range = try mapping.optional("range").map { node throws(Diagnostic) in
      try Self.range(node, specs)
    }
    let limits = specs.compactMap(\.valid).first
    let start = try mapping.optional("start").map { node throws(Diagnostic) in
      if let limits { try node.double(in: limits) } else { try node.double() }
    }
    let step = try mapping.optional("step")?.double()
    if case .bounded(let bounds) = range, let start, !bounds.contains(start) {
      throw mapping.problem(
        "start \(start) is outside range [\(bounds.lowerBound), \(bounds.upperBound)]",
        fix: "start inside the range")
    }
    if let step, step <= 0 {
      throw mapping.problem("step \(step) is not positive", fix: "use a positive number")
    }
    if range == .unbounded, step == nil || start == nil {
      throw mapping.problem(
        "an unbounded parameter needs 'start' and 'step'",
        fix: "give the first value and the standard deviation of the first candidates")
    }
    return .searched(range ?? .suggested, start: start, step: step)
  }

  private static func range(
    _ node: YAMLNode, _ specs: [ParameterSpec]
  ) throws(Diagnostic) -> Range {
    let limits = specs.compactMap(\.valid).first
    if node.scalar?.text == "none" {
      guard limits == nil else {
        throw node.problem(
          "'\(specs[0].name)' has bounds by its meaning", fix: "write a range such as [0.1, 1.0]")
      }
      return .unbounded
    }
    let ends = try node.sequence()
    guard ends.count == 2 else {
      throw node.problem("a range has two ends", fix: "write [lowest, highest]")
    }
    let low = try ends[0].double()
    let high = try ends[1].double()
    guard low < high, (high - low).isFinite else {
      throw node.problem(
        "range [\(low), \(high)] is empty", fix: "write [lowest, highest] with lowest < highest")
    }
    if let limits, low < limits.lowerBound || high > limits.upperBound {
      throw node.problem(
        "range [\(low), \(high)] exceeds \(limits.lowerBound)...\(limits.upperBound)",
        fix: "stay inside: \(specs[0].summary)")
    }
    return .bounded(low...high)
  }

  private static func scalar(
    _ node: YAMLNode, _ specs: [ParameterSpec]
  ) throws(Diagnostic) -> ParameterScalar {
    if specs[0].kind == .boolean { return .boolean(try node.bool()) }
    guard let limits = specs.compactMap(\.valid).first else { return .real(try node.double()) }
    return .real(try node.double(in: limits))
  }
}

public import Recipes

extension MergeSpaceSettings {
  /// Whether the search file says where some number starts.
  public var hasStart: Bool {
    coefficients.values.contains { coefficient in
      if case .searched(_, start: .some, step: _) = coefficient.value { true } else { false }
    }
  }
}

extension MergeSpace {
  /// The genome that merges as `document` does, every number alike at all depths; nil if the space has none.
  ///
  /// Unlike ``genome(of:)`` it takes documents that do not come from the space, such as a
  /// ``SimpleMerge``: one recipe over all experts whose settings are plain values. Parameters that its
  /// method does not read are at their start.
  public func genome(expressing document: RecipeDocument) -> Genome? {
    let recipe = document.output
    guard document.stages.count == 1, let choice = methods.firstIndex(of: recipe.method),
      !recipe.method.isPairwise, case .models(let inputs) = recipe.assembly,
      inputs.map(\.model) == models.experts.map(\.model)
    else { return nil }
    var values = space.start.values
    if methods.count > 1 {
      for group in layerGroups.indices { values[group] = Double(choice) }
    }
    for slot in slots where slot.isRead(by: recipe.method) {
      guard let spec = recipe.method.parameter(slot.parameter) else { return nil }
      let owners: [Int] =
        switch slot.owner {
        case .expert(let index): [index]
        case .recipe, .allModels: Array(inputs.indices)
        case .member: []
        }
      let scalars = Set(owners.map { recipe.plainValue(of: spec, for: inputs[$0]) })
      guard scalars.count == 1, let scalar = scalars.first ?? nil else { return nil }
      switch (slot.value, scalar) {
      case (.fixed(let fixed), _):
        guard fixed == scalar else { return nil }
      case (.searched(let positions), .real(let number)):
        for position in positions.joined() { values[position] = number }
      case (.switched(let position), .boolean(let isOn)): values[position] = isOn ? 1 : 0
      case (.searched, _), (.switched, _): return nil
      }
    }
    let genome = Genome(values: values)
    guard (try? space.validate(genome, at: document.location)) != nil else { return nil }
    return genome
  }
}

extension Recipe {
  /// The value of a parameter where it is one for all tensors; nil if it is unset, or no plain value.
  fileprivate func plainValue(of spec: ParameterSpec, for input: Input) -> ParameterScalar? {
    let setting = (spec.isPerModel ? input.parameters[spec.name] : nil) ?? parameters[spec.name]
    guard let setting else { return spec.defaultValue }
    guard setting.clauses.count == 1, setting.isUnconditional,
      case .constant(let scalar) = setting.clauses[0].curve
    else { return nil }
    return scalar
  }
}

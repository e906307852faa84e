public import Diagnostics
public import Recipes

extension MergeSpace {
  /// The genome that ``document(for:maskSeed:location:)`` makes `document` from.
  ///
  /// Parameters that the document does not hold, because no group of layers uses their method, are at
  /// their start.
  /// - Throws: ``Diagnostic`` if the document does not come from this space.
  public func genome(of document: RecipeDocument) throws(Diagnostic) -> Genome {
    var values = space.start.values
    let stages = try methodStages(of: document)
    if methods.count > 1 {
      for (group, stage) in stages.enumerated() {
        guard let choice = methods.firstIndex(of: stage.method) else {
          throw foreign(document, "method \(stage.method.name) is not one of the search's")
        }
        values[group] = Double(choice)
      }
    }
    if let pairIndex, let stage = stages.first(where: \.method.isPairwise) {
      let models = stage.models
      let pair = pairs.firstIndex { $0.compactMap(self.models.model(named:)) == models }
      guard let pair else { throw foreign(document, "its pair of models is not in 'pair'") }
      values[pairIndex] = Double(pair)
    }
    for slot in slots {
      guard case .searched(let positions) = slot.value,
        let stage = stages.first(where: { slot.isRead(by: $0.method) })
      else { continue }
      let points = try points(of: slot, in: stage, document)
      for (group, numbers) in zip(positions, points) {
        for (position, number) in zip(group, numbers) { values[position] = number }
      }
    }
    let genome = Genome(values: values)
    let seed = stages.first(where: \.method.isStochastic)?.maskSeed ?? 0
    guard try self.document(for: genome, maskSeed: seed) == document else {
      throw foreign(document, "its settings are not those of the search")
    }
    return genome
  }

  /// For each group of layers the recipe that merges it.
  private func methodStages(of document: RecipeDocument) throws(Diagnostic) -> [Recipe] {
    guard document.stages.count > 1 else { return layerGroups.map { _ in document.output } }
    guard case .slices(let slices) = document.output.assembly, slices.count == layerGroups.count
    else { throw foreign(document, "its last stage does not have a slice per group of layers") }
    var stages: [Recipe] = []
    for slice in slices {
      guard let source = slice.sources.first, let index = document.stage(for: source.model) else {
        throw foreign(document, "its last stage takes layers from models on disk")
      }
      stages.append(document.stages[index])
    }
    return stages
  }

  private func points(
    of slot: Slot, in stage: Recipe, _ document: RecipeDocument
  ) throws(Diagnostic) -> [[Double]] {
    var setting: ParameterSetting?
    switch slot.owner {
    case .recipe: setting = stage.parameters[slot.parameter]
    case .allModels: setting = parameters(of: 0, in: stage)?[slot.parameter]
    case .expert(let index): setting = parameters(of: index, in: stage)?[slot.parameter]
    }
    guard let setting, let curves = slot.split.curves(of: setting) else {
      throw foreign(document, "'\(slot.parameter)' does not have the search's filters")
    }
    var points: [[Double]] = []
    for curve in curves {
      guard let numbers = slot.profile.points(of: curve, layers: layerCount) else {
        throw foreign(document, "'\(slot.parameter)' does not have the search's profile")
      }
      points.append(numbers)
    }
    return points
  }

  private func parameters(of expert: Int, in stage: Recipe) -> ParameterSettings? {
    guard case .models(let inputs) = stage.assembly else { return nil }
    return inputs.first { $0.model == models.experts[expert].model }?.parameters
  }

  private func foreign(_ document: RecipeDocument, _ reason: String) -> Diagnostic {
    Diagnostic(
      "the recipe does not come from this search: \(reason)", at: document.location,
      fix: "use a recipe that this search exported")
  }
}

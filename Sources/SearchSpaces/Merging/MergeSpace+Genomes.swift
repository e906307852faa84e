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
      let models = inputs(of: stage).map(\.model)
      let pair = pairs.firstIndex { $0.compactMap(self.models.model(named:)) == models }
      guard let pair else { throw foreign(document, "its pair of models is not in 'pair'") }
      values[pairIndex] = Double(pair)
    }
    for slot in slots {
      guard let stage = stages.first(where: { slot.isRead(by: $0.method) }) else { continue }
      switch slot.value {
      case .fixed: continue
      case .switched(let position):
        values[position] = stage.parameters[slot.parameter] == .boolean(true) ? 1 : 0
      case .searched(let positions):
        let points = try points(of: slot, in: stage, document)
        for (group, numbers) in zip(positions, points) {
          for (position, number) in zip(group, numbers) { values[position] = number }
        }
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
    let inputs = inputs(of: stage)
    let settings: [ParameterSetting?]
    switch slot.owner {
    case .recipe: settings = [stage.parameters[slot.parameter]]
    case .allModels: settings = inputs.map { $0.parameters[slot.parameter] }
    case .member(let index):
      settings = inputs.dropFirst(index).prefix(1).map { $0.parameters[slot.parameter] }
    case .expert(let index):
      let model = models.experts[index].model
      settings = inputs.filter { $0.model == model }.map { $0.parameters[slot.parameter] }
    }
    // Where a margin shortened one number for all models, the longest is nearest to it.
    var best: [[Double]]?
    for setting in settings {
      let found = try points(of: slot, setting, document)
      if best.map({ Self.size(found) > Self.size($0) }) ?? true { best = found }
    }
    guard let best else {
      throw foreign(document, "'\(slot.parameter)' does not have the search's filters")
    }
    return best
  }

  private static func size(_ points: [[Double]]) -> Double {
    points.joined().reduce(0) { $0 + abs($1) }
  }

  private func points(
    of slot: Slot, _ setting: ParameterSetting?, _ document: RecipeDocument
  ) throws(Diagnostic) -> [[Double]] {
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

  private func inputs(of stage: Recipe) -> [Recipe.Input] {
    guard case .models(let inputs) = stage.assembly else { return [] }
    return inputs
  }

  private func foreign(_ document: RecipeDocument, _ reason: String) -> Diagnostic {
    Diagnostic(
      "the recipe does not come from this search: \(reason)", at: document.location,
      fix: "use a recipe that this search exported")
  }
}

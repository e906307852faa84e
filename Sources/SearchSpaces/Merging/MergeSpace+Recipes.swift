public import Diagnostics
public import Recipes
import Tensors

extension MergeSpace {
  /// What a genome means.
  ///
  /// One method: a plain recipe over whole models. Several: a stage per method over the whole depth,
  /// and a last `passthrough` stage that takes each group of layers from its method's stage, the
  /// embedding with the first group, final norm and head with the last. All stages compute in
  /// float32; the last one rounds to the stored dtype.
  /// - Parameters:
  ///   - genome: A point of ``space``.
  ///   - maskSeed: For stochastic methods.
  ///   - location: What messages about the document put first.
  /// - Returns: A document that mergekit reads.
  /// - Throws: ``Diagnostic`` if the genome is not a point of the space.
  public func document(
    for genome: Genome, maskSeed: UInt64 = 0, location: String = "candidate"
  ) throws(Diagnostic) -> RecipeDocument {
    try space.validate(genome, at: location)
    let chosen = methods(of: genome)
    if let method = chosen.first, chosen.allSatisfy({ $0 == method }) {
      var recipe = recipe(method, genome, maskSeed: maskSeed)
      recipe.outDType = models.outDType
      return try RecipeDocument(recipe, location: location)
    }
    var stages = methods.filter(chosen.contains).map { method in
      var stage = recipe(method, genome, maskSeed: maskSeed)
      stage.name = stageName(of: method)
      return stage
    }
    stages.append(
      Recipe(
        method: .passthrough,
        assembly: .slices(
          zip(layerGroups, chosen).map { layers, method in
            Recipe.Slice(sources: [
              .init(ModelReference(path: stageName(of: method)), layers: layers)
            ])
          }),
        dtype: .f32, outDType: models.outDType))
    return try RecipeDocument(stages, location: location)
  }

  /// The method of each group of layers.
  func methods(of genome: Genome) -> [MethodDeclaration] {
    guard methods.count > 1 else { return layerGroups.map { _ in methods[0] } }
    return layerGroups.indices.map { methods[Int(genome.values[$0])] }
  }

  /// Position of the parameter that chooses the pair; nil if there is no choice.
  var pairIndex: Int? {
    pairs.count > 1 ? space.index(of: "pair") : nil
  }

  /// A name that no model has, nor any method: mergekit-multi takes every text of a stage that equals a
  /// stage's name, its `merge_method` included, for a reference to it.
  func stageName(of method: MethodDeclaration) -> String {
    let taken = Set((models.experts.map(\.model) + (models.base.map { [$0] } ?? [])).map(\.path))
    var name = "stage-" + method.name
    while taken.contains(name) { name = "stage-" + name }
    return name
  }

  private func recipe(
    _ method: MethodDeclaration, _ genome: Genome, maskSeed: UInt64
  ) -> Recipe {
    var shared = ParameterSettings()
    let members = method.isPairwise ? members(of: genome) : models.experts.map(\.model)
    var perModel = members.map { _ in ParameterSettings() }
    for slot in slots where slot.isRead(by: method) {
      let setting = setting(slot, genome)
      switch slot.owner {
      case .recipe: shared[slot.parameter] = setting
      case .allModels:
        for index in perModel.indices { perModel[index][slot.parameter] = setting }
      case .expert(let index), .member(let index): perModel[index][slot.parameter] = setting
      }
    }
    return Recipe(
      method: method, baseModel: base(of: method, combining: members),
      assembly: .models(
        zip(members, perModel).map { Recipe.Input($0, $1.keepingMargins(of: method)) }),
      parameters: shared, dtype: .f32, maskSeed: method.isStochastic ? maskSeed : 0)
  }

  /// The two models that a pairwise method combines.
  private func members(of genome: Genome) -> [ModelReference] {
    pairs[pairIndex.map { Int(genome.values[$0]) } ?? 0].compactMap(models.model(named:))
  }

  /// The first of a pair where the method needs a base, else the search's base unless it is of the pair.
  private func base(
    of method: MethodDeclaration, combining members: [ModelReference]
  ) -> ModelReference? {
    switch method.base {
    case .ignored: nil
    case .required: method.isPairwise ? members.first : models.base
    case .optional: models.base.flatMap { members.contains($0) ? nil : $0 }
    }
  }

  private func setting(_ slot: Slot, _ genome: Genome) -> ParameterSetting {
    switch slot.value {
    case .fixed(let scalar): return ParameterSetting(.constant(scalar))
    case .switched(let position):
      return ParameterSetting(.constant(.boolean(genome.values[position] == 1)))
    case .searched(let positions):
      let points = positions.map { $0.map { genome.values[$0] } }
      let rest = points[points.count - 1]
      return slot.split.setting(
        points.map { slot.profile.curve($0, layers: layerCount) },
        last: rest.count > 1 ? rest.last : nil)
    }
  }
}

extension ParameterSettings {
  /// The same with distances shortened until they stay inside of their margins at every depth, so that
  /// every point of a space is a valid recipe.
  ///
  /// A margin is taken at the knots, between which it is never smaller than at both.
  fileprivate func keepingMargins(of method: MethodDeclaration) -> ParameterSettings {
    var result = self
    for spec in method.parameters {
      guard let margin = spec.margin, let setting = self[spec.name] else { continue }
      let centres = (self[margin] ?? method.defaultSetting(margin))?.numbers ?? []
      guard centres.contains(where: { $0 > 0 && $0 < 1 }) || Set(centres).count > 1 else {
        continue
      }
      let room = centres.map { min($0, 1 - $0) }.min() ?? 0
      let limit = max(0, room * 0.99)
      result[spec.name] = setting.mapped { min(limit, max(-limit, $0)) }
    }
    return result
  }
}

extension MethodDeclaration {
  fileprivate func defaultSetting(_ name: ParameterName) -> ParameterSetting? {
    parameter(name)?.defaultValue.map { ParameterSetting(.constant($0)) }
  }
}

extension ParameterSetting {
  /// Every real number in it.
  fileprivate var numbers: [Double] {
    clauses.flatMap(\.curve.scalars).compactMap {
      if case .real(let value) = $0 { value } else { nil }
    }
  }

  /// The same curves and filters with other numbers.
  fileprivate func mapped(_ change: (Double) -> Double) -> ParameterSetting {
    func scalar(_ scalar: ParameterScalar) -> ParameterScalar {
      if case .real(let value) = scalar { .real(change(value)) } else { scalar }
    }
    return ParameterSetting(
      clauses.map { clause in
        switch clause.curve {
        case .constant(let value): Clause(filter: clause.filter, .constant(scalar(value)))
        case .gradient(let values): Clause(filter: clause.filter, .gradient(values.map(scalar)))
        }
      })
  }
}

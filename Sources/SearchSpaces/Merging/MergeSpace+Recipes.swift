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
    var perExpert = models.experts.map { _ in ParameterSettings() }
    for slot in slots where slot.isRead(by: method) {
      let setting = setting(slot, genome)
      switch slot.owner {
      case .recipe: shared[slot.parameter] = setting
      case .allModels:
        for index in perExpert.indices { perExpert[index][slot.parameter] = setting }
      case .expert(let index): perExpert[index][slot.parameter] = setting
      }
    }
    let inputs: [Recipe.Input]
    var base = method.base == .ignored ? nil : models.base
    if method.isPairwise {
      let pair = pairs[pairIndex.map { Int(genome.values[$0]) } ?? 0]
      let members = pair.compactMap(models.model(named:))
      inputs = members.map { Recipe.Input($0) }
      base = members.first
    } else {
      inputs = zip(models.experts, perExpert).map { Recipe.Input($0.model, $1) }
    }
    return Recipe(
      method: method, baseModel: base, assembly: .models(inputs), parameters: shared, dtype: .f32,
      maskSeed: method.isStochastic ? maskSeed : 0)
  }

  private func setting(_ slot: Slot, _ genome: Genome) -> ParameterSetting {
    switch slot.value {
    case .fixed(let scalar): return ParameterSetting(.constant(scalar))
    case .searched(let positions):
      let points = positions.map { $0.map { genome.values[$0] } }
      let rest = points[points.count - 1]
      return slot.split.setting(
        points.map { slot.profile.curve($0, layers: layerCount) },
        last: rest.count > 1 ? rest.last : nil)
    }
  }
}

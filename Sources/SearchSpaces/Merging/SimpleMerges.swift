public import Diagnostics
public import Recipes
import Tensors

/// A merge that every search is compared with.
public struct SimpleMerge: Hashable, Sendable {
  /// Such as `task_arithmetic 0.7`.
  public let name: String
  public let document: RecipeDocument
}

extension MergeModels {
  /// The merges anyone would try first: the experts' mean, and if there is a base, task arithmetic
  /// with four weights, ties and dare_ties with density 0.5.
  ///
  /// - Throws: ``Diagnostic`` only if a model reference cannot be an input.
  public func simpleMerges(maskSeed: UInt64 = 0) throws(Diagnostic) -> [SimpleMerge] {
    var merges = [
      try simple("linear", .linear, [.weight: .real(1)], [.normalize: .boolean(true)])
    ]
    guard base != nil else { return merges }
    for weight in [0.3, 0.5, 0.7, 1] {
      merges.append(
        try simple(
          "task_arithmetic \(weight)", .taskArithmetic, [.weight: .real(weight)],
          [.lambda: .real(1), .normalize: .boolean(false)]))
    }
    for method in [MethodDeclaration.ties, .dareTies] {
      merges.append(
        try simple(
          method.name, method, [.weight: .real(1), .density: .real(0.5)],
          [
            .lambda: .real(1), .normalize: .boolean(true),
            .rescale: .boolean(method.isStochastic),
          ], maskSeed: maskSeed))
    }
    return merges
  }

  private func simple(
    _ name: String, _ method: MethodDeclaration, _ perModel: ParameterSettings,
    _ shared: ParameterSettings, maskSeed: UInt64 = 0
  ) throws(Diagnostic) -> SimpleMerge {
    let recipe = Recipe(
      method: method, baseModel: method.base == .ignored ? nil : base,
      assembly: .models(experts.map { Recipe.Input($0.model, perModel) }), parameters: shared,
      dtype: .f32, outDType: outDType, maskSeed: method.isStochastic ? maskSeed : 0)
    return SimpleMerge(
      name: name, document: try RecipeDocument(recipe, location: "simple merge \(name)"))
  }
}

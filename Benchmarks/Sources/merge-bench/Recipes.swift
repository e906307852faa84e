import Recipes

/// A method as it is measured: three models, where it takes as many; density 0.5, rescaled.
struct MeasuredMethod {
  let declaration: MethodDeclaration

  /// Models that the recipe reads, the base among them.
  var models: [String] {
    let hasBaseBeside = declaration.base != .ignored && !declaration.inputs.includesBase
    let most = declaration.inputs.maximum.map { $0 + (hasBaseBeside ? 1 : 0) }
    return Array(Family.names.prefix(most ?? Family.names.count))
  }

  var recipe: String {
    let hasBase = declaration.base != .ignored
    var lines = ["merge_method: \(declaration.name)", "models:"]
    let listed = hasBase ? Array(models.dropFirst()) : models
    for model in listed { lines.append("- {model: \(model)}") }
    if hasBase { lines.append("base_model: base") }
    let values = declaration.parameters.compactMap { parameter in
      Self.values[parameter.name.rawValue].map { "  \(parameter.name.rawValue): \($0)" }
    }
    if !values.isEmpty { lines += ["parameters:"] + values }
    lines += ["dtype: float32", "out_dtype: bfloat16"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static let values = [
    "weight": "0.4", "t": "0.5", "density": "0.5", "rescale": "true", "gamma": "0.01",
    "epsilon": "0.1", "select_topk": "0.5",
  ]
}

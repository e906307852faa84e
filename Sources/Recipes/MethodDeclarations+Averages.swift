/// Averages of whole tensors, straight or along a sphere.
extension MethodDeclaration {
  public static let linear = MethodDeclaration(
    "linear", summary: "weighted average of the models",
    reference: "https://arxiv.org/abs/2203.05482",
    base: .ignored, inputs: .atLeast(1),
    parameters: [
      .weight(.perInput, suggested: 0...1),
      .normalize(default: true),
    ])

  public static let slerp = MethodDeclaration(
    "slerp", summary: "spherical interpolation from base_model (t = 0) to another model (t = 1)",
    reference: "https://en.wikipedia.org/wiki/Slerp",
    base: .required, inputs: .exactly(2), missing: .singletonPasses,
    parameters: [
      ParameterSpec(
        .t, .real, .shared, default: nil, isRequired: true, suggested: 0...1,
        summary: "position between base_model (0) and the other model (1)")
    ])

  public static let nuslerp = MethodDeclaration(
    "nuslerp",
    summary: "spherical interpolation of two models, or of their differences from base_model, by "
      + "tensor, row or column",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .optional, inputs: .exactly(2, includingBase: false), missing: .singletonPasses,
    parameters: [
      .weight(.perNonBase, suggested: 0...1),
      ParameterSpec(
        .nuslerpFlatten, .boolean, .shared, default: .boolean(true),
        summary: "whether a tensor is one vector; else each of its lines is"),
      ParameterSpec(
        .nuslerpRowWise, .boolean, .shared, default: .boolean(false),
        summary: "whether lines run along the first axis; else along the last"),
    ])

  public static let multislerp = MethodDeclaration(
    "multislerp",
    summary: "weighted mean on the sphere of models, or of their differences from base_model",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .optional, inputs: .atLeast(1, includingBase: false),
    parameters: [
      .weight(.perNonBase, suggested: 0...1),
      ParameterSpec(
        .normalizeWeights, .boolean, .shared, default: .boolean(true),
        summary: "whether the weights are divided by their sum"),
      ParameterSpec(
        .eps, .real, .shared, default: .real(1e-8), valid: 0...1,
        summary: "added to norms before they divide"),
    ])

  public static let karcher = MethodDeclaration(
    "karcher", summary: "the point on the sphere nearest to all models (Karcher mean)",
    reference: "https://arxiv.org/abs/2603.04972",
    base: .ignored, inputs: .atLeast(1),
    parameters: [
      ParameterSpec(
        .maxIterations, .integer, .shared, default: .integer(10), valid: 0...1_000_000,
        summary: "most steps towards the mean"),
      ParameterSpec(
        .tolerance, .real, .shared, default: .real(1e-5), valid: 0...1,
        summary: "angles and norms that count as zero"),
    ])

  public static let passthrough = MethodDeclaration(
    "passthrough", summary: "one model's tensors, optionally scaled",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .ignored, inputs: .exactly(1),
    parameters: [
      ParameterSpec(
        .scale, .real, .perInput, default: nil, suggested: 0...1.5,
        summary: "factor of every weight; none if absent")
    ])
}

public import Diagnostics

/// Every merge method; to add one, declare it here and implement it in `MergeMethods`.
extension MethodDeclaration {
  public static let all = Registry<MethodDeclaration>(
    "merge method",
    [linear, slerp, taskArithmetic, ties, dareLinear, dareTies, passthrough].map { ($0.name, $0) })

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

  public static let taskArithmetic = MethodDeclaration(
    "task_arithmetic", summary: "weighted sum of the differences from base_model",
    reference: "https://arxiv.org/abs/2212.04089",
    base: .required, inputs: .atLeast(1),
    parameters: taskVectors(normalize: false, rescale: false, searchesDensity: false))

  public static let ties = MethodDeclaration(
    "ties", summary: "task arithmetic on trimmed differences that agree in sign",
    reference: "https://arxiv.org/abs/2306.01708",
    base: .required, inputs: .atLeast(1),
    parameters: taskVectors(normalize: true, rescale: false))

  public static let dareLinear = MethodDeclaration(
    "dare_linear", summary: "task arithmetic on randomly thinned differences",
    reference: "https://arxiv.org/abs/2311.03099",
    base: .required, inputs: .atLeast(1), isStochastic: true,
    parameters: taskVectors(normalize: false, rescale: true))

  public static let dareTies = MethodDeclaration(
    "dare_ties", summary: "randomly thinned differences that agree in sign",
    reference: "https://arxiv.org/abs/2311.03099",
    base: .required, inputs: .atLeast(1), isStochastic: true,
    parameters: taskVectors(normalize: false, rescale: true))

  public static let passthrough = MethodDeclaration(
    "passthrough", summary: "one model's tensors, optionally scaled",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .ignored, inputs: .exactly(1),
    parameters: [
      ParameterSpec(
        .scale, .real, .perInput, default: nil, suggested: 0...1.5,
        summary: "factor of every weight; none if absent")
    ])

  /// The parameters that the whole task-vector family shares.
  private static func taskVectors(
    normalize: Bool, rescale: Bool, searchesDensity: Bool = true
  ) -> [ParameterSpec] {
    [
      .weight(.perNonBase, suggested: -1...2),
      ParameterSpec(
        .density, .real, .perNonBase, default: .real(1), valid: 0...1,
        suggested: searchesDensity ? 0.1...1 : nil,
        summary: "fraction of a model's differences that is kept"),
      ParameterSpec(
        .lambda, .real, .shared, default: .real(1), suggested: 0...2,
        summary: "factor of the merged difference"),
      .normalize(default: normalize),
      ParameterSpec(
        .rescale, .boolean, .shared, default: .boolean(rescale),
        summary: "whether thinned differences keep the L1 norm of the whole"),
      ParameterSpec(
        .int8Mask, .boolean, .shared, default: .boolean(false),
        summary: "storage of mergekit's masks; no effect on the result"),
    ]
  }
}

extension ParameterSpec {
  fileprivate static func weight(
    _ scope: Scope, suggested: ClosedRange<Double>
  ) -> ParameterSpec {
    ParameterSpec(
      .weight, .real, scope, default: nil, isRequired: true, suggested: suggested,
      summary: "the model's share of the sum")
  }

  fileprivate static func normalize(default value: Bool) -> ParameterSpec {
    ParameterSpec(
      .normalize, .boolean, .shared, default: .boolean(value),
      summary: "whether the sum is divided by the sum of the weights")
  }
}

/// Weighted sums of the models' differences from their base, each thinned out in its own way.
extension MethodDeclaration {
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

  public static let breadcrumbs = MethodDeclaration(
    "breadcrumbs", summary: "task arithmetic without the largest and smallest differences",
    reference: "https://arxiv.org/abs/2312.06795",
    base: .required, inputs: .atLeast(1),
    parameters: taskVectors(normalize: false, rescale: false) + [gamma])

  public static let breadcrumbsTies = MethodDeclaration(
    "breadcrumbs_ties",
    summary: "differences that agree in sign, without the largest and smallest",
    reference: "https://arxiv.org/abs/2312.06795",
    base: .required, inputs: .atLeast(1),
    parameters: taskVectors(normalize: false, rescale: false) + [gamma])

  public static let della = MethodDeclaration(
    "della", summary: "differences that agree in sign, randomly thinned, large ones less often",
    reference: "https://arxiv.org/abs/2406.11617",
    base: .required, inputs: .atLeast(1), isStochastic: true,
    parameters: taskVectors(normalize: true, rescale: true) + [epsilon])

  public static let dellaLinear = MethodDeclaration(
    "della_linear",
    summary: "task arithmetic on differences that are randomly thinned, large ones less often",
    reference: "https://arxiv.org/abs/2406.11617",
    base: .required, inputs: .atLeast(1), isStochastic: true,
    parameters: taskVectors(normalize: false, rescale: true) + [epsilon])

  /// The parameters that the whole family shares.
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
      .int8Mask,
    ]
  }

  private static let gamma = ParameterSpec(
    .gamma, .real, .perNonBase, default: .real(0.01), valid: 0...1, suggested: 0...0.1,
    isVaried: false,
    summary: "fraction of a model's differences, the largest, that is dropped")

  private static let epsilon = ParameterSpec(
    .epsilon, .real, .perNonBase, default: .real(0.15), suggested: 0...0.2, isVaried: false,
    within: .density,
    summary: "a row's smallest difference is kept with probability density - epsilon, its largest "
      + "with density + epsilon; rows of one element with density")
}

public import Diagnostics

/// Every merge method; to add one, declare it in one of the files beside this one, list it here and
/// implement it in `MergeMethods`.
extension MethodDeclaration {
  public static let all = Registry<MethodDeclaration>(
    "merge method",
    [
      linear, slerp, nuslerp, multislerp, karcher, passthrough,
      taskArithmetic, ties, dareLinear, dareTies, breadcrumbs, breadcrumbsTies, della, dellaLinear,
      modelStock, nearswap, sce, arceeFusion, ram, ramPlusTL,
    ].map { ($0.name, $0) })
}

extension ParameterSpec {
  static func weight(_ scope: Scope, suggested: ClosedRange<Double>) -> ParameterSpec {
    ParameterSpec(
      .weight, .real, scope, default: nil, isRequired: true, suggested: suggested,
      summary: "the model's share of the sum")
  }

  static func normalize(default value: Bool) -> ParameterSpec {
    ParameterSpec(
      .normalize, .boolean, .shared, default: .boolean(value),
      summary: "whether the sum is divided by the sum of the weights")
  }

  static let int8Mask = ParameterSpec(
    .int8Mask, .boolean, .shared, default: .boolean(false),
    summary: "storage of mergekit's masks; no effect on the result")
}

public import Diagnostics
import Kernels
public import Recipes

/// Task vectors without their largest and smallest elements, merged where they agree in sign.
///
/// Reference: <https://arxiv.org/abs/2312.06795>
public struct BreadcrumbsTies: MergeMethod {
  public static let declaration = MethodDeclaration.breadcrumbsTies

  let vectors: TaskVectors
  let gammas: [Double]

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
    gammas = try values.perModel(.gamma)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(
      try vectors.trimmedOnBothSides(survey, gammas: gammas), election: true)
  }
}

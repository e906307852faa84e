public import Diagnostics
import Kernels
public import Recipes

/// Task vectors of which random elements are dropped, merged where they agree in sign.
///
/// Reference: <https://arxiv.org/abs/2311.03099>
public struct DareTies: MergeMethod {
  public static let declaration = MethodDeclaration.dareTies

  let vectors: TaskVectors

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(try vectors.randomlyThinned(survey), election: true)
  }
}

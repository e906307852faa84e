public import Diagnostics
import Kernels
public import Recipes

/// Sum of task vectors of which random elements are dropped.
///
/// Reference: <https://arxiv.org/abs/2311.03099>
public struct DareLinear: MergeMethod {
  public static let declaration = MethodDeclaration.dareLinear

  let vectors: TaskVectors

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(try vectors.randomlyThinned(survey), election: false)
  }
}

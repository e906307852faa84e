public import Diagnostics
import Kernels
public import Recipes

/// Task vectors trimmed to their largest elements, merged where they agree in sign.
///
/// Reference: <https://arxiv.org/abs/2306.01708>
public struct Ties: MergeMethod {
  public static let declaration = MethodDeclaration.ties

  let vectors: TaskVectors

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(try vectors.trimmedByMagnitude(survey), election: true)
  }
}

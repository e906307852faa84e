public import Diagnostics
import Kernels
public import Recipes

/// Sum of task vectors of which random elements are dropped, large ones less often.
///
/// Reference: <https://arxiv.org/abs/2406.11617>
public struct DellaLinear: MergeMethod {
  public static let declaration = MethodDeclaration.dellaLinear

  let vectors: TaskVectors
  let epsilons: [Double]

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
    epsilons = try values.perModel(.epsilon)
    try vectors.checkEpsilons(epsilons, values)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(
      try vectors.randomlyThinnedByRank(survey, epsilons: epsilons), election: false)
  }
}

public import Diagnostics
import Kernels
public import Recipes

/// Task vectors of which random elements are dropped, large ones less often, merged where they agree in
/// sign.
///
/// Reference: <https://arxiv.org/abs/2406.11617>
public struct Della: MergeMethod {
  public static let declaration = MethodDeclaration.della

  let vectors: TaskVectors
  let epsilons: [Double]

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
    epsilons = try values.perModel(.epsilon)
    try vectors.checkEpsilons(epsilons, values)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    vectors.merge(
      try vectors.randomlyThinnedByRank(survey, epsilons: epsilons), election: true)
  }
}

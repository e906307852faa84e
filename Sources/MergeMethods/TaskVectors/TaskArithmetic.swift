public import Diagnostics
public import Recipes

/// Weighted sum of task vectors, the differences of models from their base.
///
/// Reference: <https://arxiv.org/abs/2212.04089>
public struct TaskArithmetic: MergeMethod {
  public static let declaration = MethodDeclaration.taskArithmetic

  let vectors: TaskVectors

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    vectors = try TaskVectors(values, for: site)
  }

  public func prepare(_ survey: some TensorSurvey) -> any RangeMerge {
    vectors.merge(
      vectors.terms.filter { $0.weight != 0 }.map { ThinnedTerm($0) }, election: false)
  }
}

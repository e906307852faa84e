public import Diagnostics
import Kernels
public import Recipes

/// Differences from the base that one model alone has are added as they are, those that several share are
/// averaged.
///
/// Reference: <https://arxiv.org/abs/2601.13572>
public struct RAM: MergeMethod {
  public static let declaration = MethodDeclaration.ram

  let base: Int
  let models: [Int]
  let epsilon: Float

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    base = try values.requiredBase(site)
    models = site.models
    epsilon = Float(try values.real(.epsilon))
  }

  public func prepare(_ survey: some TensorSurvey) -> any RangeMerge {
    ActiveDifferences(
      operands: [base] + models, epsilon: epsilon, loneFactors: models.map { _ in 1 })
  }
}

/// `base` plus the mean of the differences above a bound; one that stands alone times its model's factor.
struct ActiveDifferences: RangeMerge {
  let operands: [Int]
  let epsilon: Float
  let loneFactors: [Float]

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    guard !loneFactors.isEmpty else { return stack.copy(0, into: &output) }
    stack.addActive(
      Array(1..<operands.count), onto: 0, epsilon: epsilon, loneFactors: loneFactors,
      into: &output)
  }
}

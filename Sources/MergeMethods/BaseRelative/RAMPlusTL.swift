public import Diagnostics
import Kernels
public import Recipes

/// As ``RAM``, with the differences that a model alone has enlarged by its overlap with the others in the
/// tensor.
///
/// Reference: <https://arxiv.org/abs/2601.13572>
public struct RAMPlusTL: MergeMethod {
  public static let declaration = MethodDeclaration.ramPlusTL

  let base: Int
  let models: [Int]
  let strength: Float
  let most: Float
  let epsilon: Double

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    base = try values.requiredBase(site)
    models = site.models
    strength = Float(try values.real(.r))
    most = Float(try values.real(.alpha))
    epsilon = try values.real(.epsilon)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    var factors: [Float] = []
    if !models.isEmpty {
      let counts = try survey.measure([
        Measurement(
          OverlapCounts(models: models.count, epsilon: Float(epsilon)), of: models + [base])
      ])[0]
      factors = zip(counts.shared, counts.unique).map { loneFactor(shared: $0, unique: $1) }
    }
    return ActiveDifferences(
      operands: [base] + models, epsilon: Float(epsilon), loneFactors: factors)
  }

  private func loneFactor(shared: UInt64, unique: UInt64) -> Float {
    // Without elements of its own a model has nothing to enlarge.
    guard unique > 0 else { return 1 }
    let overlap = Float(Double(shared) / max(Double(unique), epsilon))
    return 1 + strength * min(max(overlap, 0), most)
  }
}

public import Diagnostics
import Kernels
public import Recipes

/// The mean of the models, drawn towards their base by as much as their differences from it diverge.
///
/// Reference: <https://arxiv.org/abs/2403.19522>
public struct ModelStock: MergeMethod {
  public static let declaration = MethodDeclaration.modelStock

  let base: Int
  let models: [Int]
  /// Nil: the tensor is one vector.
  let lines: Lines?

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    base = try values.requiredBase(site)
    models = site.models
    lines = try values.boolean(.filterWise) ? .alongLastAxis(of: site.shape) : nil
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    guard let lines else {
      let products = try survey.measure([
        Measurement(GramSums(count: models.count, hasBase: true), of: models + [base])
      ])[0]
      let share = Self.share(products)
      return combination(models.map { (input: $0, factor: share) }, base: base)
    }
    let products = try survey.measure([
      Measurement(
        LineSums(lines: lines, count: models.count, hasBase: true), of: models + [base])
    ])[0]
    let shares = (0..<lines.count(elements: survey.elementCount)).map {
      Float(Self.share(products.matrix(ofLine: $0)))
    }
    return LineCombination(
      models.map { .init(input: $0, factors: shares) }, base: base, along: lines)
  }

  /// The factor of each difference: t / N with t from the mean cosine of all pairs.
  static func share(_ products: GramMatrix) -> Double {
    let count = products.count
    guard count > 1 else { return 0 }
    var sum = 0.0
    for first in 0..<count {
      for second in first + 1..<count {
        let lengths = max(products.length(first) * products.length(second), 1e-6)
        sum += min(1, max(-1, products[first, second] / lengths))
      }
    }
    let number = Double(count)
    let cosine = sum / (number * (number - 1) / 2)
    let divisor = 1 + (number - 1) * cosine
    // t = N·c / divisor, of which each model has the N-th part.
    return abs(divisor) < 1e-6 ? 0 : cosine / divisor
  }
}

public import Diagnostics
import Kernels
public import Recipes

/// The weighted mean of directions on the sphere, of models or of their differences from a base, at the
/// weighted mean of their lengths.
public struct Multislerp: MergeMethod {
  public static let declaration = MethodDeclaration.multislerp

  let weights: [Double]
  let eps: Double
  let models: [Int]
  let base: Int?
  private let values: ParameterValues

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    self.values = values
    models = site.models
    base = site.base
    eps = try values.real(.eps)
    let weights = try values.perModel(.weight)
    guard try values.boolean(.normalizeWeights), weights.count > 1 else {
      self.weights = weights
      return
    }
    let sum = weights.reduce(0, +)
    guard abs(sum) > 1e-12 * weights.reduce(0, { $0 + abs($1) }) else {
      let list = weights.map(\.description).joined(separator: ", ")
      throw values.problem(
        "the weights \(list) sum to 0, so they cannot be normalized",
        fix: "change a weight, or set 'normalize_weights: false'")
    }
    self.weights = weights.map { $0 / sum }
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    if models.count == 1 { return CopiedInput(models[0]) }
    let products = try survey.measure([
      Measurement(
        GramSums(count: models.count, hasBase: base != nil),
        of: models + (base.map { [$0] } ?? []))
    ])[0]
    let factors = try factors(products)
    return combination(Array(zip(models, factors)).map { (input: $0, factor: $1) }, base: base)
  }

  /// What each vector contributes.
  ///
  /// mergekit projects the directions onto the tangent space at their normalised mean m, sums them by
  /// weight and follows the exponential map. That sum is zero for any directions, as their weighted sum
  /// is parallel to m; so the result is m, turned by nothing but `eps`.
  private func factors(_ products: GramMatrix) throws(Diagnostic) -> [Double] {
    let lengths = models.indices.map { products.length($0) }
    // Without any direction the sum of the vectors is the only answer, however many there are.
    if lengths.allSatisfy({ $0 == 0 }) { return weights }
    let mean = zip(weights, lengths).map { $1 == 0 ? 0 : $0 / ($1 + eps) }
    let length = products.length(of: mean)
    guard length >= eps, length > 0 else {
      if models.count == 2 { return weights }
      throw values.problem(
        "the directions of the \(models.count) models cancel, so they have no mean on the sphere",
        fix: "change the weights, or merge this tensor with another method")
    }
    let radius = zip(weights, lengths).reduce(0) { $0 + $1.0 * $1.1 }
    let turn = Angle.sineAndCosine(radians: eps).cosine
    return mean.map { $0 / length * radius * turn }
  }
}

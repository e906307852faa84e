public import Diagnostics
import Kernels
public import Recipes

/// Spherical interpolation of two models, or of their differences from a base, of the whole tensor as one
/// vector or line by line.
public struct Nuslerp: MergeMethod {
  public static let declaration = MethodDeclaration.nuslerp

  let t: Double
  let base: Int?
  let first: Int
  let second: Int
  /// Nil: the tensor is one vector.
  let lines: Lines?

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    let weights = try values.perModel(.weight)
    let models = site.models
    guard models.count == 2, weights.count == 2 else {
      throw values.problem(
        "nuslerp needs two models besides base_model, but \(models.count) have this tensor",
        fix: "use models that all have the tensor")
    }
    let sum = weights[0] + weights[1]
    t = abs(sum) < 1e-6 ? 0.5 : weights[1] / sum
    base = site.base
    first = models[0]
    second = models[1]
    if try values.boolean(.nuslerpFlatten) {
      lines = nil
    } else if try values.boolean(.nuslerpRowWise) {
      lines = .alongFirstAxis(of: site.shape)
    } else {
      lines = .alongLastAxis(of: site.shape)
    }
  }

  private var operands: [Int] { [first, second] + (base.map { [$0] } ?? []) }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    let hasBase = base != nil
    guard let lines else {
      let products = try survey.measure([
        Measurement(GramSums(count: 2, hasBase: hasBase), of: operands)
      ])[0]
      let factors = Self.factors(t, products)
      return combination([(first, factors.first), (second, factors.second)], base: base)
    }
    let products = try survey.measure([
      Measurement(LineSums(lines: lines, count: 2, hasBase: hasBase), of: operands)
    ])[0]
    let factors = (0..<lines.count(elements: survey.elementCount)).map {
      Self.factors(t, products.matrix(ofLine: $0))
    }
    return LineCombination(
      [
        .init(input: first, factors: factors.map { Float($0.first) }),
        .init(input: second, factors: factors.map { Float($0.second) }),
      ], base: base, along: lines)
  }

  /// The factors of two vectors.
  ///
  /// Linear where they point along one line as far as single precision can
  /// tell; a vector of length 0 counts as perpendicular to all.
  static func factors(_ t: Double, _ products: GramMatrix) -> (first: Double, second: Double) {
    let lengths = max(products.length(0), 1e-7) * max(products.length(1), 1e-7)
    let cosine = min(1, max(-1, products[0, 1] / lengths))
    guard abs(Float(cosine)) < 1 else { return (1 - t, t) }
    let angle = Angle(cosine: cosine)
    let whole = angle.sine(times: 1)
    return (angle.sine(times: 1 - t) / whole, angle.sine(times: t) / whole)
  }
}

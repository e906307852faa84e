public import Diagnostics
import Kernels
public import Recipes

/// Spherical interpolation from the base (t = 0) to the other model (t = 1) along the angle between
/// the two flattened tensors; the result is not renormalised.
public struct Slerp: MergeMethod {
  public static let declaration = MethodDeclaration.slerp

  let t: Double
  let base: Int
  let other: Int

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    t = Double(Float(try values.real(.t)))
    (base, other) = try values.requiredPair(site, of: "slerp")
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    let products = try survey.measure([Measurement(Products(count: 2), of: [base, other])])[0]
    let (toBase, toOther) = Self.coefficients(
      t, baseSquare: products[0], product: products[1], otherSquare: products[2])
    return WeightedSum(
      operands: [base, other], weights: [Float(toBase), Float(toOther)], divisor: 1)
  }

  /// The factors of base and other tensor, from their products.
  ///
  /// Linear where |cos| exceeds 0.9995; a vector of length 1e-8 or less counts as perpendicular to all.
  static func coefficients(
    _ t: Double, baseSquare: Double, product: Double, otherSquare: Double
  ) -> (base: Double, other: Double) {
    func length(_ square: Double) -> Double {
      let norm = square.squareRoot()
      return norm <= 1e-8 ? 1 : norm
    }
    let cosine = min(1, max(-1, product / length(baseSquare) / length(otherSquare)))
    guard abs(cosine) <= 0.9995 else { return (1 - t, t) }
    let angle = Angle(cosine: cosine)
    return (
      angle.sine(times: 1 - t) / angle.sine(times: 1), angle.sine(times: t) / angle.sine(times: 1)
    )
  }
}

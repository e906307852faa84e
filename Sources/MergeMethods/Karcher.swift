public import Diagnostics
import Kernels
public import Recipes

/// The Karcher mean of the models' directions: the point of the sphere whose squared angles to them sum to
/// the least, at the mean of their lengths.
///
/// Every point on the way is a combination of the models, so the iteration runs on the factors and needs
/// the models' products alone.
/// Reference: <https://arxiv.org/abs/2603.04972>
public struct Karcher: MergeMethod {
  public static let declaration = MethodDeclaration.karcher

  let iterations: Int
  let tolerance: Double
  let inputs: Int

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    iterations = try values.integer(.maxIterations)
    tolerance = try values.real(.tolerance)
    inputs = site.inputCount
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    if inputs == 1 { return CopiedInput(0) }
    let products = try survey.measure([
      Measurement(GramSums(count: inputs, hasBase: false), of: Array(0..<inputs))
    ])[0]
    return combination(
      factors(products).enumerated().map { (input: $0, factor: $1) }, base: nil)
  }

  /// What each model contributes.
  func factors(_ products: GramMatrix) -> [Double] {
    let lengths = (0..<inputs).map { products.length($0) }
    let valid = lengths.indices.filter { lengths[$0] > tolerance }
    guard let first = valid.first else { return lengths.map { _ in 0 } }
    let share = 1 / Double(valid.count)
    // Factors of unit vectors, of which `directions` holds the cosines.
    let directions = GramMatrix(
      count: inputs,
      products: GramMatrix.pairs(of: inputs).map { one, other in
        one == other
          ? (lengths[one] > 0 ? 1 : 0)
          : lengths[one] > 0 && lengths[other] > 0
            ? products[one, other] / lengths[one] / lengths[other] : 0
      })
    var mean = lengths.indices.map { valid.contains($0) ? share : 0 }
    let start = directions.length(of: mean)
    if start < tolerance {
      mean = lengths.indices.map { $0 == first ? 1 : 0 }
    } else {
      mean = mean.map { $0 / start }
    }
    for _ in 0..<iterations {
      let step = tangent(at: mean, directions, valid, share: share)
      let length = directions.length(of: step)
      if length < tolerance || length == 0 { break }
      let turn = Angle.sineAndCosine(radians: length)
      mean = zip(mean, step).map { turn.cosine * $0 + turn.sine * $1 / length }
      let norm = directions.length(of: mean)
      if norm > tolerance { mean = mean.map { $0 / norm } }
    }
    let radius = lengths.reduce(0, +) / Double(inputs)
    return zip(mean, lengths).map { $1 > 0 ? radius * $0 / $1 : 0 }
  }

  /// The mean of the directions' logarithms at a point.
  private func tangent(
    at mean: [Double], _ directions: GramMatrix, _ valid: [Int], share: Double
  ) -> [Double] {
    var step = mean.map { _ in 0.0 }
    for index in valid {
      let cosine = min(1, max(-1, directions.product(mean, with: index)))
      // Opposite as far as single precision can tell: no direction leads there.
      guard cosine < 1, Float(cosine) > -1 else { continue }
      let angle = Angle(cosine: cosine)
      guard angle.radians >= tolerance else { continue }
      let factor = share * angle.radians / angle.sine(times: 1)
      step[index] += factor
      for other in step.indices { step[other] -= factor * cosine * mean[other] }
    }
    return step
  }
}

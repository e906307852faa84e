import Randomness

/// The Gaussian part of a search distribution, N(m, σ² C), and its CMA-ES update.
///
/// Reference: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772; the sampling uses
/// the symmetric root of C.
struct GaussianDistribution: Sendable {
  var mean: [Double]
  var sigma: Double
  var covariance: Covariance
  /// Evolution path of the covariance, p_c.
  private(set) var path: PaddedVector
  /// Evolution path of the step size, p_σ.
  private(set) var stepPath: PaddedVector
  /// Updates so far; void generations do not count.
  private(set) var updates = 0

  /// With C = I.
  init(mean: [Double], sigma: Double, covariance mode: CovarianceMode) {
    self.init(
      mean: mean, sigma: sigma, covariance: Covariance(mode, dimension: mean.count))
  }

  init(mean: [Double], sigma: Double, covariance: Covariance) {
    self.mean = mean
    self.sigma = sigma
    self.covariance = covariance
    path = PaddedVector(count: mean.count)
    stepPath = PaddedVector(count: mean.count)
  }

  var dimension: Int { mean.count }

  /// σ √C_ii.
  var standardDeviations: [Double] { covariance.variances.map { sigma * $0.squareRoot() } }

  /// σ |p_c,i|.
  var pathDeviations: [Double] { path.values.map { sigma * abs($0) } }

  /// A candidate's standard normal z and the step y = C^½ z.
  struct Step: Sendable {
    var z: PaddedVector
    var y: PaddedVector
    /// Whether y was changed after sampling, so that z no longer belongs to it.
    var isRepaired = false
  }

  func step(_ stream: RandomStream) -> Step {
    let z = PaddedVector(stream.normals(dimension))
    return Step(z: z, y: covariance.transform(z))
  }

  /// Moves the distribution towards the better of `steps`, which are in order of rank.
  ///
  /// `recombination` holds the weight of each in the new mean, summing to 1, and `weights` that in
  /// the new covariance, negative for the worse half.
  mutating func update(
    _ steps: [Step], recombination: [Double], weights: [Double], rates: LearningRates
  ) {
    let n = Double(dimension)
    var shift = PaddedVector(count: dimension)
    var whitened = PaddedVector(count: dimension)
    for (step, weight) in zip(steps, recombination) where weight > 0 {
      for lane in shift.lanes.indices {
        shift.lanes[lane] += weight * step.y.lanes[lane]
        whitened.lanes[lane] += weight * step.z.lanes[lane]
      }
    }
    if zip(steps, recombination).contains(where: { $0.isRepaired && $1 > 0 }) {
      whitened = covariance.whiten(shift)
    }
    // Every weight and the whitening belong to the covariance that the sample was drawn from.
    let terms = zip(steps, weights).map { step, weight in
      guard weight < 0 else { return (weight: weight, y: step.y) }
      let z = step.isRepaired ? covariance.whiten(step.y) : step.z
      return (weight: weight * n / (z.squaredLength + 1e-9), y: step.y)
    }
    for index in mean.indices { mean[index] += sigma * shift[index] }

    let mu = rates.weights.effectiveMu
    let stepGain = (rates.cs * (2 - rates.cs) * mu).squareRoot()
    for lane in stepPath.lanes.indices {
      stepPath.lanes[lane] = (1 - rates.cs) * stepPath.lanes[lane] + stepGain * whitened.lanes[lane]
    }
    let length = stepPath.squaredLength.squareRoot()
    sigma *= Deterministic.exp(min(1, rates.cs / rates.ds * (length / rates.chi - 1)))

    // The rank-one path stalls while the step size is still growing fast.
    let unbiased = (1 - integerPower(1 - rates.cs, 2 * (updates + 1))).squareRoot()
    let isStalled = length / unbiased >= (1.4 + 2 / (n + 1)) * rates.chi
    let gain = isStalled ? 0 : (rates.cc * (2 - rates.cc) * mu).squareRoot()
    for lane in path.lanes.indices {
      path.lanes[lane] = (1 - rates.cc) * path.lanes[lane] + gain * shift.lanes[lane]
    }
    let lost = isStalled ? rates.c1 * rates.cc * (2 - rates.cc) : 0
    let decay = 1 + lost - rates.c1 - rates.cmu * weights.reduce(0, +)
    covariance.update(
      decay: decay,
      terms: terms.map { (rates.cmu * $0.weight, $0.y) } + [(rates.c1, path)])
    updates += 1
  }

  /// Ends a generation's changes: samples follow the covariance again, at most lazily late, and the
  /// smallest eigenvalue of σ² C stays above 1e-30.
  mutating func refresh(_ rates: LearningRates) {
    covariance.refresh(gap: rates.decompositionGap(dimension: dimension))
    sigma = max(sigma, 1e-15 / covariance.extremes.least)
  }

  /// Multiplies standard deviations of single coordinates, covariances and path with them.
  mutating func rescale(_ factors: [(index: Int, factor: Double)]) {
    guard !factors.isEmpty else { return }
    covariance.rescale(factors)
    for (index, factor) in factors { path[index] *= factor }
  }

  private func integerPower(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

extension GaussianDistribution: Codable {
  private enum CodingKeys: CodingKey { case mean, sigma, covariance, path, stepPath, updates }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ExactDoubles(mean), forKey: .mean)
    try container.encode(ExactDoubles([sigma]), forKey: .sigma)
    try container.encode(covariance, forKey: .covariance)
    try container.encode(ExactDoubles(path.values), forKey: .path)
    try container.encode(ExactDoubles(stepPath.values), forKey: .stepPath)
    try container.encode(updates, forKey: .updates)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func vector(_ key: CodingKeys, _ count: Int?) throws -> [Double] {
      let values = try container.decode(ExactDoubles.self, forKey: key).values
      guard values.count == count ?? values.count, !values.isEmpty else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(values.count) numbers")
      }
      return values
    }
    mean = try vector(.mean, nil)
    sigma = try vector(.sigma, 1)[0]
    covariance = try container.decode(Covariance.self, forKey: .covariance)
    path = PaddedVector(try vector(.path, mean.count))
    stepPath = PaddedVector(try vector(.stepPath, mean.count))
    updates = try container.decode(Int.self, forKey: .updates)
    guard covariance.variances.count == mean.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .covariance, in: container,
        debugDescription: "\(covariance.variances.count) variances for \(mean.count) means")
    }
  }
}

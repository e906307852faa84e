import Randomness
import SearchSpaces

/// The weights of ranked candidates.
///
/// Reference: Hansen, arXiv 1604.00772, equations 49–53.
struct RecombinationWeights {
  let lambda: Int
  /// μ = ⌊λ/2⌋.
  let mu: Int
  let effectiveMu: Double
  /// Variance effective size of the negative half.
  let effectiveNegative: Double
  /// By rank; the first μ sum to 1, the others are 0.
  let positive: [Double]
  /// By rank; zero for the first μ, the others sum to −1.
  let negative: [Double]

  /// - Precondition: `lambda` is at least 2.
  init(lambda: Int) {
    precondition(lambda >= 2, "\(lambda) candidates cannot be ranked")
    let mu = lambda / 2
    let half = Deterministic.log(Double(lambda + 1) / 2)
    let raw = (1...lambda).map { half - Deterministic.log(Double($0)) }
    let positiveSum = raw[..<mu].reduce(0, +)
    let positiveSquares = raw[..<mu].reduce(0) { $0 + $1 * $1 }
    let negativeSum = raw[mu...].reduce(0, +)
    let negativeSquares = raw[mu...].reduce(0) { $0 + $1 * $1 }
    self.lambda = lambda
    self.mu = mu
    effectiveMu = positiveSum * positiveSum / positiveSquares
    effectiveNegative = negativeSum * negativeSum / negativeSquares
    positive = raw.enumerated().map { $0.offset < mu ? $0.element / positiveSum : 0 }
    negative = raw.enumerated().map { $0.offset < mu ? 0 : -$0.element / negativeSum }
  }
}

/// The constants of one generation's update, from population size and dimension.
struct LearningRates {
  let weights: RecombinationWeights
  /// Cumulation of the rank-one path.
  let cc: Double
  /// Rank-one learning rate.
  let c1: Double
  /// Rank-μ learning rate.
  let cmu: Double
  /// Cumulation of the step-size path.
  let cs: Double
  /// Damping of the step size.
  let ds: Double
  /// Expected length of a standard normal vector.
  let chi: Double
  /// By rank: recombination weights, then the scaled negative ones.
  let covarianceWeights: [Double]

  /// - Precondition: `dimension` is positive.
  init(lambda: Int, dimension: Int, covariance: CovarianceMode) {
    let weights = RecombinationWeights(lambda: lambda)
    let n = Double(dimension)
    let mu = weights.effectiveMu
    cs = (mu + 2) / (n + mu + 5)
    ds = 1 + 2 * max(0, ((mu - 1) / (n + 1)).squareRoot() - 1) + cs
    chi = n.squareRoot() * (1 - 1 / (4 * n) + 1 / (21 * n * n))
    switch covariance {
    case .full:
      cc = (4 + mu / n) / (n + 4 + 2 * mu / n)
      c1 = 2 / ((n + 1.3) * (n + 1.3) + mu)
    case .diagonal:
      cc = (1 + 1 / n + mu / n) / (n.squareRoot() + 1 / n + 2 * mu / n)
      c1 = 1 / (n + 2 * n.squareRoot() + mu / n)
    }
    cmu = Self.cmu(covariance, n: n, mu: mu, c1: c1)
    covarianceWeights = Self.covarianceWeights(weights, n: n, c1: c1, cmu: cmu)
    self.weights = weights
  }

  /// The rates for a generation of which only `lambda` candidates are present: other weights, hence
  /// another c_μ; the rest stays.
  func reduced(to lambda: Int, dimension: Int, covariance: CovarianceMode) -> LearningRates {
    LearningRates(self, lambda: lambda, n: Double(dimension), covariance: covariance)
  }

  private init(
    _ original: LearningRates, lambda: Int, n: Double, covariance: CovarianceMode
  ) {
    weights = RecombinationWeights(lambda: lambda)
    cc = original.cc
    c1 = original.c1
    cs = original.cs
    ds = original.ds
    chi = original.chi
    cmu = Self.cmu(covariance, n: n, mu: weights.effectiveMu, c1: c1)
    covarianceWeights = Self.covarianceWeights(weights, n: n, c1: c1, cmu: cmu)
  }

  private static func cmu(
    _ covariance: CovarianceMode, n: Double, mu: Double, c1: Double
  ) -> Double {
    switch covariance {
    case .full: min(1 - c1, 2 * (0.25 + mu + 1 / mu - 2) / ((n + 2) * (n + 2) + mu))
    case .diagonal: min(1 - c1, (0.25 + mu + 1 / mu - 2) / (n + 4 * n.squareRoot() + mu / 2))
    }
  }

  private static func covarianceWeights(
    _ weights: RecombinationWeights, n: Double, c1: Double, cmu: Double
  ) -> [Double] {
    let share = negativeShare(weights, n: n, c1: c1, cmu: cmu)
    return zip(weights.positive, weights.negative).map { $0 + share * $1 }
  }

  /// Minus the sum of the negative weights: the least of the shares at which the decay of the
  /// covariance vanishes, the sample supports them, and the covariance stays positive definite.
  static func negativeShare(
    _ weights: RecombinationWeights, n: Double, c1: Double, cmu: Double
  ) -> Double {
    min(
      1 + c1 / cmu, 1 + 2 * weights.effectiveNegative / (weights.effectiveMu + 2),
      (1 - c1 - cmu) / (n * cmu))
  }

  /// Evaluations in which the covariance is learnt once: λ / (c_1 + c_μ) at the plain default λ.
  static func learningTime(dimension: Int, covariance: CovarianceMode) -> Double {
    let lambda = plainPopulationSize(dimension)
    let rates = LearningRates(lambda: lambda, dimension: dimension, covariance: covariance)
    return Double(lambda) / (rates.c1 + rates.cmu)
  }

  /// Generations between two decompositions of a full covariance.
  func decompositionGap(dimension: Int) -> Int {
    max(1, Int((1 / (10 * Double(dimension) * (c1 + cmu))).rounded(.down)))
  }
}

/// How the covariance of the Gaussian part is represented.
enum CovarianceMode: String, Sendable, Codable {
  case full
  case diagonal
}

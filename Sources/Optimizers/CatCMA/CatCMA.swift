public import Diagnostics
public import SearchSpaces

/// CMA-ES over reals, integers and categories at once; plain CMA-ES where nothing is discrete.
///
/// The search distribution is N(m, σ² C) times a product of categorical distributions. Integers are
/// coordinates of the Gaussian with a margin that keeps them mutating.
/// Reference: Hamano et al., CatCMA with Margin, arXiv 2504.07884; Hansen, arXiv 1604.00772.
public struct CatCMA: Optimizer {
  public static let name = "catcma"

  public let space: SearchSpace
  /// Without the warm start, which has become the initial distribution.
  public let settings: OptimizerSettings
  public let seed: UInt64
  let covarianceMode: CovarianceMode
  /// What the initial distribution was learnt from, for people; nil: the starts of the space.
  let origin: String?
  var state: State

  // Functions of what is above, kept at hand.
  let coordinates: Coordinates
  /// nil: every parameter is categorical.
  var rates: LearningRates?
  var weights: RecombinationWeights
  var sampled: [Candidate] = []

  /// Everything that outcomes change.
  struct State: Sendable, Codable {
    var ledger: GenerationLedger
    var distributions: Distributions
    /// σ at the beginning of the present run.
    var initialSigma: Double
    var history = ProgressHistory()
    /// nil: the first run is the only one.
    var restarts: RestartSchedule?
    var termination: Termination?
  }

  /// The search distribution.
  struct Distributions: Sendable, Codable {
    /// nil: every parameter is categorical.
    var gaussian: GaussianDistribution?
    var margin: IntegerMargin
    var categories: CategoricalDistribution
  }

  /// One draw from the distributions.
  struct Candidate: Sendable {
    var step: GaussianDistribution.Step?
    /// The Gaussian coordinates before bounds and rounding, v = m + σ A y.
    let point: [Double]
    let categories: [Int]
    let genome: Genome
  }

  public init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic) {
    try settings.check()
    guard settings.objectives == 1 else {
      throw Diagnostic(
        "CMA-ES searches for one objective, not \(settings.objectives)", at: "optimizer",
        fix: "use 'algorithm: \(NSGA2.name)', or one weighted score")
    }
    let coordinates = try Coordinates(space, settings: settings)
    let size =
      settings.populationSize
      ?? defaultPopulationSize(
        numeric: coordinates.gaussianCount, categorical: coordinates.categories.count)
    let mode = Self.covarianceMode(settings, dimension: coordinates.gaussianCount)
    var distributions = Distributions(
      coordinates, mean: coordinates.initialMean, sigma: settings.sigma, mode)
    if let warmStart = settings.warmStart {
      try distributions.begin(at: warmStart, coordinates, sigma: settings.sigma, mode)
    }
    var kept = settings
    kept.warmStart = nil
    self.init(
      space: space, settings: kept, seed: seed, mode: mode, origin: settings.warmStart?.summary,
      coordinates: coordinates,
      state: State(
        ledger: GenerationLedger(populationSize: size), distributions: distributions,
        initialSigma: distributions.gaussian?.sigma ?? settings.sigma,
        restarts: RestartSchedule(
          settings.restarts, populationSize: size, sigma: settings.sigma)))
  }

  init(
    space: SearchSpace, settings: OptimizerSettings, seed: UInt64, mode: CovarianceMode,
    origin: String?, coordinates: Coordinates, state: State
  ) {
    self.space = space
    self.settings = settings
    self.seed = seed
    covarianceMode = mode
    self.origin = origin
    self.coordinates = coordinates
    self.state = state
    let size = state.ledger.populationSize
    weights = RecombinationWeights(lambda: size)
    rates = Self.rates(coordinates, populationSize: size, mode)
  }

  static func rates(
    _ coordinates: Coordinates, populationSize: Int, _ mode: CovarianceMode
  ) -> LearningRates? {
    let dimension = coordinates.gaussianCount
    guard dimension > 0 else { return nil }
    return LearningRates(lambda: populationSize, dimension: dimension, covariance: mode)
  }

  static func covarianceMode(_ settings: OptimizerSettings, dimension: Int) -> CovarianceMode {
    switch settings.covariance {
    case .full: return .full
    case .diagonal: return .diagonal
    case .auto:
      guard dimension > 1 else { return .full }
      let time = LearningRates.learningTime(dimension: dimension, covariance: .full)
      return Double(settings.budget) >= time ? .full : .diagonal
    }
  }
}

extension CatCMA.Distributions {
  /// N(`mean`, `sigma`² I), margins at rest, and the categories' initial probabilities.
  init(_ coordinates: Coordinates, mean: [Double], sigma: Double, _ mode: CovarianceMode) {
    gaussian =
      mean.isEmpty ? nil : GaussianDistribution(mean: mean, sigma: sigma, covariance: mode)
    margin = IntegerMargin(
      count: coordinates.integers.count, discreteCount: coordinates.discreteCount)
    categories = CategoricalDistribution(
      initial: coordinates.categories.map(\.initial), discreteCount: coordinates.discreteCount)
  }
}

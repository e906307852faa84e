public import Diagnostics
import Randomness
public import SearchSpaces

/// CMA-ES over reals, integers and categories at once; plain CMA-ES where nothing is discrete.
///
/// The search distribution is N(m, σ² C) times a product of categorical distributions. Integers are
/// coordinates of the Gaussian with a margin that keeps them mutating.
/// Reference: Hamano et al., CatCMA with Margin, arXiv 2504.07884; Hansen, arXiv 1604.00772.
public struct CatCMA: Optimizer {
  public static let name = "catcma"

  public let space: SearchSpace
  public let settings: OptimizerSettings
  public let seed: UInt64
  let covarianceMode: CovarianceMode
  private var ledger: GenerationLedger
  private(set) var distributions: Distributions
  private var history = ProgressHistory()
  public private(set) var termination: Termination?

  // Functions of what is above, kept at hand.
  let coordinates: Coordinates
  private let rates: LearningRates?
  private let weights: RecombinationWeights
  private var sampled: [Candidate] = []

  /// The state that an update changes.
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
    guard settings.sigma > 0, settings.sigma.isFinite else {
      throw Diagnostic(
        "the initial step \(settings.sigma) is not a positive number", at: "optimizer",
        fix: "use a share of the range, such as 0.1")
    }
    if let size = settings.populationSize, !(4...1_000_000).contains(size) {
      throw Diagnostic(
        "a population of \(size) cannot be ranked", at: "optimizer",
        fix: "use at least 4 candidates per generation")
    }
    let coordinates = try Coordinates(space, settings: settings)
    let size =
      settings.populationSize
      ?? defaultPopulationSize(
        numeric: coordinates.gaussianCount, categorical: coordinates.categories.count)
    let mode = Self.covarianceMode(settings, dimension: coordinates.gaussianCount)
    self.init(
      space: space, settings: settings, seed: seed, mode: mode, coordinates: coordinates,
      ledger: GenerationLedger(populationSize: size),
      distributions: Self.initial(coordinates, settings: settings, mode: mode))
  }

  private init(
    space: SearchSpace, settings: OptimizerSettings, seed: UInt64, mode: CovarianceMode,
    coordinates: Coordinates, ledger: GenerationLedger, distributions: Distributions
  ) {
    self.space = space
    self.settings = settings
    self.seed = seed
    covarianceMode = mode
    self.coordinates = coordinates
    self.ledger = ledger
    self.distributions = distributions
    let dimension = coordinates.gaussianCount
    rates =
      dimension == 0
      ? nil
      : LearningRates(lambda: ledger.populationSize, dimension: dimension, covariance: mode)
    weights = RecombinationWeights(lambda: ledger.populationSize)
  }

  static func initial(
    _ coordinates: Coordinates, settings: OptimizerSettings, mode: CovarianceMode
  ) -> Distributions {
    Distributions(
      gaussian: coordinates.gaussianCount == 0
        ? nil
        : GaussianDistribution(
          mean: coordinates.initialMean, sigma: settings.sigma, covariance: mode),
      margin: IntegerMargin(
        count: coordinates.integers.count, discreteCount: coordinates.discreteCount),
      categories: CategoricalDistribution(
        initial: coordinates.categories.map(\.initial), discreteCount: coordinates.discreteCount))
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

// MARK: - Ask and tell

extension CatCMA {
  public var generation: Int { ledger.generation }
  public var populationSize: Int { ledger.populationSize }
  public var parentCount: Int { weights.mu }
  public var told: [Bool] { ledger.told }

  public mutating func ask(_ count: Int) -> [Proposal] {
    guard termination == nil else { return [] }
    if sampled.isEmpty { sampled = candidates() }
    return ledger.handOut(count).map { proposal($0, sampled[$0]) }
  }

  public var population: [Proposal] {
    (sampled.isEmpty ? candidates() : sampled).enumerated().map { proposal($0.offset, $0.element) }
  }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    guard let outcomes = try ledger.record(id, outcome, objectives: 1) else { return }
    if sampled.isEmpty { sampled = candidates() }
    update(Ranking(outcomes))
    sampled = []
    ledger.advance(after: outcomes)
    termination = reasonToStop()
  }

  private func proposal(_ index: Int, _ candidate: Candidate) -> Proposal {
    Proposal(id: ledger.id(of: index), genome: candidate.genome, point: candidate.point)
  }

  private func candidates() -> [Candidate] {
    (0..<populationSize).map { index in
      func stream(_ purpose: RandomStream.Purpose) -> RandomStream {
        RandomStream(
          seed: seed, purpose: purpose, run: ledger.run, generation: ledger.generation,
          candidate: index)
      }
      return Self.candidate(
        of: distributions, coordinates, gaussian: stream(.gaussian),
        categories: stream(.categories))
    }
  }

  static func candidate(
    of distributions: Distributions, _ coordinates: Coordinates, gaussian: RandomStream,
    categories: RandomStream, categoryOffset: Int = 0
  ) -> Candidate {
    let step = distributions.gaussian.map { $0.step(gaussian) }
    var point: [Double] = []
    if let step, let gaussian = distributions.gaussian {
      point = gaussian.mean.indices.map { index in
        let scale =
          index < coordinates.reals.count
          ? 1 : distributions.margin.scales[index - coordinates.reals.count]
        return gaussian.mean[index] + gaussian.sigma * scale * step.y[index]
      }
    }
    let levels = distributions.categories.sample(categories, offset: categoryOffset)
    return Candidate(
      step: step, point: point, categories: levels,
      genome: coordinates.genome(point: point, categories: levels))
  }
}

// MARK: - Update

extension CatCMA {
  private mutating func update(_ ranking: Ranking) {
    let present = ranking.order.count
    let isVoid =
      2 * ranking.invalidCount > present
      || present < populationSize && (present < parentCount + 1 || 2 * present < populationSize)
    guard !isVoid else {
      history.recordVoid()
      return
    }
    let ranked = ranking.order.map { sampled[$0] }
    let weights = present == populationSize ? weights : RecombinationWeights(lambda: present)
    let recombination = ranking.averaged(weights.positive)
    if let rates {
      let dimension = coordinates.gaussianCount
      let used =
        present == populationSize
        ? rates : rates.reduced(to: present, dimension: dimension, covariance: covarianceMode)
      var covarianceWeights = ranking.averaged(used.covarianceWeights)
      for rank in present - ranking.invalidCount..<present {
        covarianceWeights[rank] = max(0, covarianceWeights[rank])
      }
      updateGaussian(
        ranked, recombination: recombination, weights: covarianceWeights, rates: used)
    }
    distributions.categories.update(ranked.map(\.categories), recombination: recombination)
    keepExploring()
    history.record(
      ranking.scores, populationSize: populationSize, dimension: coordinates.gaussianCount)
  }

  private mutating func updateGaussian(
    _ ranked: [Candidate], recombination: [Double], weights: [Double], rates: LearningRates
  ) {
    guard var gaussian = distributions.gaussian else { return }
    distributions.gaussian = nil  // so that the matrix changes in place
    var steps = ranked.compactMap(\.step)
    let offset = coordinates.reals.count
    var successes: [Bool] = []
    if !coordinates.integers.isEmpty {
      let selected = recombination.indices.filter { recombination[$0] > 0 }
      var points = selected.map { ranked[$0].point }
      successes = IntegerMargin.center(
        &points, coordinates: coordinates.integers, offset: offset, mean: gaussian.mean)
      for (row, rank) in selected.enumerated() {
        for index in coordinates.integers.indices
        where points[row][offset + index] != ranked[rank].point[offset + index] {
          let spread = gaussian.sigma * distributions.margin.scales[index]
          steps[rank].y[offset + index] =
            (points[row][offset + index] - gaussian.mean[offset + index]) / spread
          steps[rank].isRepaired = true
        }
      }
    }
    gaussian.update(steps, recombination: recombination, weights: weights, rates: rates)
    if !coordinates.integers.isEmpty {
      distributions.margin.correct(
        mean: &gaussian.mean, deviations: gaussian.standardDeviations,
        coordinates: coordinates.integers, offset: offset, successes: successes)
    }
    distributions.gaussian = gaussian
  }

  /// Caps the standard deviation of bounded coordinates at a third of their range, since a folded
  /// distribution that is wider says nothing; and, where scores are samples, keeps a floor of 1 % of
  /// the range, 5 % for a conditional parameter whose choices are still alive.
  private mutating func keepExploring() {
    guard let gaussian = distributions.gaussian else { return }
    let deviations = gaussian.standardDeviations
    var factors: [(index: Int, factor: Double)] = []
    for (index, real) in coordinates.reals.enumerated() {
      let most = real.map == nil ? .infinity : real.width / 3
      let least = settings.noise == .none ? 0 : real.width * floorShare(real.parameter)
      let wanted = min(max(deviations[index], least), most)
      if wanted != deviations[index] { factors.append((index, wanted / deviations[index])) }
    }
    distributions.gaussian?.rescale(factors)
  }

  private func floorShare(_ parameter: Int) -> Double {
    let conditions = space.parameters[parameter].activeWhen
    guard !conditions.isEmpty else { return 0.01 }
    let isAlive = conditions.allSatisfy { condition in
      condition.parameters.contains { name in
        guard
          let variable = coordinates.categories.firstIndex(where: {
            space.parameters[$0.parameter].name == name
          }),
          case .categorical(let choices, _) =
            space.parameters[coordinates.categories[variable].parameter].kind
        else { return true }
        return distributions.categories.isAlive(
          variable, choices: condition.values.compactMap { choices.firstIndex(of: $0) })
      }
    }
    return isAlive ? 0.05 : 0.01
  }
}

// MARK: - Stopping

extension CatCMA {
  public var warning: String? {
    history.isFlat
      ? "the objective is flat: the best quarter of each of the last five generations has equal "
        + "scores; it needs more questions"
      : nil
  }

  private func reasonToStop() -> Termination? {
    if history.voidGenerations >= 3 { return .failingCandidates }
    let dimension = coordinates.gaussianCount
    if history.isStagnant(populationSize: populationSize, dimension: dimension) {
      return .stagnation
    }
    if settings.noise == .none {
      if history.isConstant(populationSize: populationSize, dimension: dimension) {
        return .scoresConstant
      }
      if coordinates.discreteCount == 0, history.hasEqualScores(dimension: dimension) {
        return .scoresEqual
      }
    }
    guard let gaussian = distributions.gaussian, distributions.categories.hasConverged else {
      return nil
    }
    return gaussian.reasonToStop(coordinates, settings: settings, margin: distributions.margin)
  }
}

extension GaussianDistribution {
  /// The criteria that look at the distribution alone.
  fileprivate func reasonToStop(
    _ coordinates: Coordinates, settings: OptimizerSettings, margin: IntegerMargin
  ) -> Termination? {
    let deviations = standardDeviations
    let paths = pathDeviations
    let isSmall = coordinates.reals.enumerated().allSatisfy { index, real in
      let least = settings.noise == .none ? 1e-12 * settings.sigma : 1e-3 * real.width
      return deviations[index] < least && paths[index] < least
    }
    if isSmall, coordinates.integers.isEmpty { return .stepsTooSmall }
    if covariance.condition > 1e14 { return .illConditioned }
    if sigma * covariance.extremes.most > 1e4 * settings.sigma { return .diverged }
    let axis = covariance.axis(updates % dimension)
    if mean.indices.allSatisfy({ mean[$0] == mean[$0] + 0.1 * sigma * axis[$0] }) {
      return .noEffectAxis
    }
    let scales = coordinates.reals.map { _ in 1.0 } + margin.scales
    let isStuck = mean.indices.contains { index in
      mean[index] == mean[index] + 0.2 * deviations[index] * scales[index]
    }
    return isStuck ? .noEffectCoordinate : nil
  }
}

// MARK: - What people and drivers read

extension CatCMA {
  public var covariance: String? {
    distributions.gaussian == nil ? nil : covarianceMode.rawValue
  }

  public var decisions: [String] {
    let dimension = coordinates.gaussianCount
    let discrete = coordinates.categories.count
    var lines = [
      "dimension: \(dimension) numeric (\(coordinates.integers.count) of them integer), "
        + "\(discrete) categorical",
      "population: \(populationSize) candidates per generation"
        + (settings.populationSize == nil ? "" : ", as asked for"),
    ]
    if dimension > 0 { lines.append("covariance: \(covarianceMode.rawValue), \(covarianceReason)") }
    return lines
  }

  private var covarianceReason: String {
    guard settings.covariance == .auto else { return "as asked for" }
    let dimension = coordinates.gaussianCount
    guard dimension > 1 else { return "since there is one number" }
    let time = Int(
      LearningRates.learningTime(dimension: dimension, covariance: .full).rounded(.up))
    return covarianceMode == .full
      ? "since the budget of \(settings.budget) evaluations covers the \(time) in which a full "
        + "one is learnt"
      : "since the budget of \(settings.budget) evaluations is below the \(time) in which a full "
        + "one is learnt"
  }

  public var recommendation: Recommendation {
    let categories = distributions.categories
    let mean = coordinates.genome(
      point: distributions.gaussian?.mean ?? [], categories: categories.modes)
    return Recommendation(
      mean: mean,
      combinations: CategoryCombination.mostProbable(
        3, space: space,
        variables: zip(coordinates.categories, categories.probabilities).map {
          .init(parameter: $0.parameter, lowest: $0.lowest, probabilities: $1)
        }))
  }

  public var distribution: [ParameterDistribution] {
    var shapes = space.parameters.map { _ in ParameterDistribution.Shape.fixed }
    if let gaussian = distributions.gaussian {
      let deviations = gaussian.standardDeviations
      let mean = coordinates.genome(
        point: gaussian.mean, categories: distributions.categories.modes)
      for (index, real) in coordinates.reals.enumerated() {
        shapes[real.parameter] = .spread(
          mean: mean.values[real.parameter], standardDeviation: deviations[index] * real.scale)
      }
      for (index, integer) in coordinates.integers.enumerated() {
        let column = coordinates.reals.count + index
        shapes[integer.parameter] = .spread(
          mean: integer.lowest + gaussian.mean[column] * integer.scale,
          standardDeviation: deviations[column] * distributions.margin.scales[index]
            * integer.scale)
      }
    }
    for (category, probabilities) in zip(
      coordinates.categories, distributions.categories.probabilities)
    {
      shapes[category.parameter] = .probabilities(probabilities)
    }
    return zip(space.parameters, shapes).map { ParameterDistribution(name: $0.name, shape: $1) }
  }
}

// MARK: - Coding

extension CatCMA {
  private enum CodingKeys: CodingKey {
    case space, settings, seed, covariance, ledger, distributions, history, termination
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(space, forKey: .space)
    try container.encode(settings, forKey: .settings)
    try container.encode(seed, forKey: .seed)
    try container.encode(covarianceMode, forKey: .covariance)
    try container.encode(ledger, forKey: .ledger)
    try container.encode(distributions, forKey: .distributions)
    try container.encode(history, forKey: .history)
    try container.encodeIfPresent(termination, forKey: .termination)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let space = try container.decode(SearchSpace.self, forKey: .space)
    let settings = try container.decode(OptimizerSettings.self, forKey: .settings)
    let coordinates = try Coordinates(space, settings: settings)
    let distributions = try container.decode(Distributions.self, forKey: .distributions)
    guard (distributions.gaussian?.dimension ?? 0) == coordinates.gaussianCount,
      distributions.margin.scales.count == coordinates.integers.count,
      distributions.categories.probabilities.map(\.count) == coordinates.categories.map(\.count)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .distributions, in: container,
        debugDescription: "the distribution does not belong to the space")
    }
    self.init(
      space: space, settings: settings, seed: try container.decode(UInt64.self, forKey: .seed),
      mode: try container.decode(CovarianceMode.self, forKey: .covariance),
      coordinates: coordinates,
      ledger: try container.decode(GenerationLedger.self, forKey: .ledger),
      distributions: distributions)
    history = try container.decode(ProgressHistory.self, forKey: .history)
    termination = try container.decodeIfPresent(Termination.self, forKey: .termination)
  }
}

import Diagnostics
public import SearchSpaces

/// What a search decides about its optimizer; resolved once, at creation, and stored.
public struct OptimizerSettings: Hashable, Sendable, Codable {
  public enum CovarianceChoice: String, Hashable, Sendable, Codable, CaseIterable {
    /// Full if the budget covers one learning time of a full matrix, else diagonal.
    case auto
    case full
    case diagonal
  }

  /// Whether scores vary with the questions that were asked.
  public enum Noise: String, Hashable, Sendable, Codable, CaseIterable {
    /// Scores are samples: keep a floor under every standard deviation, ignore equal scores.
    case sampling
    /// Scores are exact: converge as far as the numbers allow.
    case none
  }

  /// What follows when a run of CMA-ES has ended by itself.
  public enum Restarts: String, Hashable, Sendable, Codable, CaseIterable {
    case none
    /// Runs from fresh means, each with twice the population of the one before.
    case ipop
    /// Large populations in turn with small ones and small steps.
    case bipop
  }

  /// Evaluations the search may spend; decides between full and diagonal covariance.
  public var budget: Int
  /// Candidates per generation; nil: from the dimension (``defaultPopulationSize(numeric:categorical:)``).
  public var populationSize: Int?
  /// Initial standard deviation as a share of each range.
  public var sigma: Double
  public var covariance: CovarianceChoice
  public var noise: Noise
  public var restarts: Restarts
  /// Scores per candidate, each higher is better; more than one needs ``NSGA2``.
  public var objectives: Int
  /// Where an earlier search says to begin; it goes before `initialMean`.
  public var warmStart: WarmStart?
  /// Replaces the starts of real and integer parameters.
  public var initialMean: Genome?
  /// Replaces the initial probabilities of categorical parameters, by name.
  public var initialProbabilities: [String: [Double]]

  public init(
    budget: Int, populationSize: Int? = nil, sigma: Double = 0.1,
    covariance: CovarianceChoice = .auto, noise: Noise = .sampling, restarts: Restarts = .none,
    objectives: Int = 1, warmStart: WarmStart? = nil, initialMean: Genome? = nil,
    initialProbabilities: [String: [Double]] = [:]
  ) {
    self.budget = budget
    self.populationSize = populationSize
    self.sigma = sigma
    self.covariance = covariance
    self.noise = noise
    self.restarts = restarts
    self.objectives = objectives
    self.warmStart = warmStart
    self.initialMean = initialMean
    self.initialProbabilities = initialProbabilities
  }

  /// Starts the distribution at `genome`: numbers at its numbers, and each searched category with
  /// `share` of its probability on the genome's choice, the rest spread evenly.
  public mutating func start(at genome: Genome, in space: SearchSpace, share: Double = 0.7) {
    initialMean = genome
    for (parameter, value) in zip(space.parameters, genome.values) {
      guard case .categorical(let choices, _) = parameter.kind, choices.count > 1 else { continue }
      let rest = (1 - share) / Double(choices.count - 1)
      initialProbabilities[parameter.name] = choices.indices.map {
        Double($0) == value ? share : rest
      }
    }
  }

  /// What no algorithm can work with.
  func check() throws(Diagnostic) {
    guard sigma > 0, sigma.isFinite else {
      throw Diagnostic(
        "the initial step \(sigma) is not a positive number", at: "optimizer",
        fix: "use a share of the range, such as 0.1")
    }
    if let size = populationSize, !(4...1_000_000).contains(size) {
      throw Diagnostic(
        "a population of \(size) cannot be ranked", at: "optimizer",
        fix: "use at least 4 candidates per generation")
    }
    guard objectives > 0 else {
      throw Diagnostic(
        "a search for \(objectives) objectives finds nothing", at: "optimizer",
        fix: "give at least one")
    }
  }

  /// Refuses what only CMA-ES knows, for `algorithm`.
  func refuse(_ refused: Set<CMAFeature>, of algorithm: String) throws(Diagnostic) {
    if restarts != .none, refused.contains(.restarts) {
      throw Diagnostic(
        "'\(algorithm)' does not restart", at: "optimizer",
        fix: "leave out 'restarts', or use 'algorithm: auto'")
    }
    if warmStart != nil, refused.contains(.warmStart) {
      throw Diagnostic(
        "'\(algorithm)' has no distribution that could start warm", at: "optimizer",
        fix: "leave out 'warm_start', or use 'algorithm: auto'")
    }
  }

  enum CMAFeature { case restarts, warmStart }
}

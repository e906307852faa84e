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

  /// Evaluations the search may spend; decides between full and diagonal covariance.
  public var budget: Int
  /// Candidates per generation; nil: from the dimension (``defaultPopulationSize(numeric:categorical:)``).
  public var populationSize: Int?
  /// Initial standard deviation as a share of each range.
  public var sigma: Double
  public var covariance: CovarianceChoice
  public var noise: Noise
  /// Replaces the starts of real and integer parameters.
  public var initialMean: Genome?
  /// Replaces the initial probabilities of categorical parameters, by name.
  public var initialProbabilities: [String: [Double]]

  public init(
    budget: Int, populationSize: Int? = nil, sigma: Double = 0.1,
    covariance: CovarianceChoice = .auto, noise: Noise = .sampling, initialMean: Genome? = nil,
    initialProbabilities: [String: [Double]] = [:]
  ) {
    self.budget = budget
    self.populationSize = populationSize
    self.sigma = sigma
    self.covariance = covariance
    self.noise = noise
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
}

public import Diagnostics
public import SearchSpaces

/// An optimizer of any registered kind, codable by the name it was chosen with.
public struct AnyOptimizer: Sendable {
  /// The name in the search file, such as `auto`.
  public let algorithm: String
  private var base: any Optimizer

  /// Makes the optimizer called `algorithm` in ``Algorithms/all``; `location` says where the name
  /// was written, for messages.
  ///
  /// - Throws: ``Diagnostic`` for an unknown name or a space the algorithm cannot search.
  public init(
    _ algorithm: String, space: SearchSpace, settings: OptimizerSettings, seed: UInt64,
    at location: String
  ) throws(Diagnostic) {
    let entry = try Algorithms.all.entry(named: algorithm, at: location)
    self.algorithm = algorithm
    base = try entry.make(space, settings, seed)
  }

  public var space: SearchSpace { base.space }
  public var generation: Int { base.generation }
  public var populationSize: Int { base.populationSize }
  public var parentCount: Int { base.parentCount }
  public var termination: Termination? { base.termination }
  public var covariance: String? { base.covariance }
  public var decisions: [String] { base.decisions }
  public var warning: String? { base.warning }
  public var population: [Proposal] { base.population }
  public var told: [Bool] { base.told }
  public var recommendation: Recommendation { base.recommendation }
  public var distribution: [ParameterDistribution] { base.distribution }
  public var learned: SearchDistribution? { base.learned }

  public mutating func ask(_ count: Int) -> [Proposal] { base.ask(count) }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    try base.tell(id, outcome)
  }
}

extension AnyOptimizer: Codable {
  private enum CodingKeys: CodingKey { case version, algorithm, state }

  /// Of the encoded form; raised when it changes.
  private static let version = 2

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.version, forKey: .version)
    try container.encode(algorithm, forKey: .algorithm)
    try base.encode(to: container.superEncoder(forKey: .state))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .version)
    algorithm = try container.decode(String.self, forKey: .algorithm)
    guard version == Self.version, let entry = Algorithms.all[algorithm] else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: container,
        debugDescription: "state of '\(algorithm)', version \(version), of another program version")
    }
    base = try entry.type.init(from: container.superDecoder(forKey: .state))
  }
}

public import Diagnostics
import Randomness
public import SearchSpaces

/// Independent candidates, drawn from the whole space or around the start; it learns nothing.
///
/// Candidate i is a function of the seed and i alone, so a longer search contains a shorter one.
public struct RandomSearch: Optimizer {
  public static let name = "random"

  /// Where candidates are drawn from.
  enum Source: String, Sendable, Codable {
    /// Uniform over every range, categories by their initial probabilities; unbounded parameters
    /// are normal around their start.
    case space
    /// The initial distribution of ``CatCMA``: the control that says what learning is worth.
    case start
  }

  public let space: SearchSpace
  public let settings: OptimizerSettings
  public let seed: UInt64
  private let source: Source
  private var ledger: GenerationLedger
  private let coordinates: Coordinates
  private let initial: CatCMA.Distributions

  public init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic) {
    try self.init(space: space, settings: settings, seed: seed, source: .space)
  }

  init(
    space: SearchSpace, settings: OptimizerSettings, seed: UInt64, source: Source,
    ledger: GenerationLedger? = nil
  ) throws(Diagnostic) {
    let reference = try CatCMA(space: space, settings: settings, seed: seed)
    self.space = space
    self.settings = settings
    self.seed = seed
    self.source = source
    self.ledger = ledger ?? GenerationLedger(populationSize: reference.populationSize)
    coordinates = reference.coordinates
    initial = reference.distributions
  }

  public var generation: Int { ledger.generation }
  public var populationSize: Int { ledger.populationSize }
  public var parentCount: Int { ledger.populationSize / 2 }
  public var termination: Termination? { nil }
  public var warning: String? { nil }
  public var covariance: String? { nil }
  public var told: [Bool] { ledger.told }
  public var recommendation: Recommendation { Recommendation(mean: nil, combinations: []) }
  public var distribution: [ParameterDistribution] { [] }

  public var decisions: [String] {
    [
      source == .space
        ? "candidates: uniform over the space"
        : "candidates: from the initial distribution around the start",
      "population: \(populationSize) candidates per generation",
    ]
  }

  public mutating func ask(_ count: Int) -> [Proposal] { ledger.handOut(count).map(proposal) }

  public var population: [Proposal] { (0..<populationSize).map(proposal) }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    if let outcomes = try ledger.record(id, outcome, objectives: 1) {
      ledger.advance(after: outcomes)
    }
  }

  private func proposal(_ index: Int) -> Proposal {
    let stream = RandomStream(
      seed: seed, purpose: .initialDesign, run: ledger.run,
      candidate: ledger.generation * populationSize + index)
    switch source {
    case .start:
      // The categories' uniforms lie in blocks after those of the normals.
      let candidate = CatCMA.candidate(
        of: initial, coordinates, gaussian: stream, categories: stream,
        categoryOffset: (coordinates.gaussianCount + 1) / 2 * 2)
      return Proposal(
        id: ledger.id(of: index), genome: candidate.genome, point: candidate.point)
    case .space:
      let values = space.parameters.enumerated().map { position, parameter in
        value(of: parameter, at: position, uniform: stream.uniform(at: position))
      }
      return Proposal(id: ledger.id(of: index), genome: Genome(values: values), point: values)
    }
  }

  private func value(of parameter: SearchParameter, at position: Int, uniform: Double) -> Double {
    switch parameter.kind {
    case .real(let range?, _, _):
      return min(
        range.lowerBound + uniform * (range.upperBound - range.lowerBound), range.upperBound)
    case .real(nil, let start, let step):
      let center = settings.initialMean?.values[position] ?? start
      return center + (step ?? 1) * Deterministic.normalQuantile(uniform + 0x1p-54)
    case .integer(let range, _, _):
      let offset = (uniform * Double(range.upperBound - range.lowerBound + 1)).rounded(.down)
      return min(Double(range.lowerBound) + offset, Double(range.upperBound))
    case .categorical:
      guard
        let category = coordinates.categories.first(where: { $0.parameter == position })
      else { return 0 }
      var sum = 0.0
      for (choice, probability) in category.initial.enumerated() {
        sum += probability
        if uniform < sum { return Double(choice) }
      }
      return Double(category.initial.lastIndex { $0 > 0 } ?? 0)
    }
  }
}

extension RandomSearch {
  private enum CodingKeys: CodingKey { case space, settings, seed, source, ledger }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(space, forKey: .space)
    try container.encode(settings, forKey: .settings)
    try container.encode(seed, forKey: .seed)
    try container.encode(source, forKey: .source)
    try container.encode(ledger, forKey: .ledger)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      space: try container.decode(SearchSpace.self, forKey: .space),
      settings: try container.decode(OptimizerSettings.self, forKey: .settings),
      seed: try container.decode(UInt64.self, forKey: .seed),
      source: try container.decode(Source.self, forKey: .source),
      ledger: try container.decode(GenerationLedger.self, forKey: .ledger))
  }
}

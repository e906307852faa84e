public import Diagnostics
public import SearchSpaces

/// Independent candidates, drawn from the whole space or around the start; it learns nothing.
///
/// Candidate i is a function of the seed and i alone, so a longer search contains a shorter one; the
/// slices of a Latin hypercube follow the budget.
public struct RandomSearch: Optimizer {
  public static let name = "random"

  public let space: SearchSpace
  public let settings: OptimizerSettings
  public let seed: UInt64
  private let source: InitialDesign.Source
  private var ledger: GenerationLedger
  private let design: InitialDesign

  public init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic) {
    try settings.refuse([.restarts, .warmStart], of: Self.name)
    try self.init(space: space, settings: settings, seed: seed, source: .space)
  }

  init(
    space: SearchSpace, settings: OptimizerSettings, seed: UInt64, source: InitialDesign.Source,
    ledger: GenerationLedger? = nil
  ) throws(Diagnostic) {
    design = try InitialDesign(space: space, settings: settings, seed: seed)
    if source == .latinHypercube, design.dimension > 20 || settings.budget >= 1 << 28 {
      throw Diagnostic(
        "a Latin hypercube of \(settings.budget) points over \(design.dimension) parameters is no "
          + "more even than random points", at: "optimizer",
        fix: "use 'algorithm: \(Self.name)', or search at most 20 parameters")
    }
    self.space = space
    self.settings = settings
    self.seed = seed
    self.source = source
    self.ledger = ledger ?? GenerationLedger(populationSize: design.populationSize)
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
    let candidates =
      switch source {
      case .space: "uniform over the space"
      case .latinHypercube: "a Latin hypercube over the space"
      case .start: "from the initial distribution around the start"
      }
    return [
      "candidates: \(candidates)", "population: \(populationSize) candidates per generation",
    ]
  }

  public mutating func ask(_ count: Int) -> [Proposal] { ledger.handOut(count).map(proposal) }

  public var population: [Proposal] { (0..<populationSize).map(proposal) }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    if let outcomes = try ledger.record(id, outcome, objectives: settings.objectives) {
      ledger.advance(after: outcomes)
    }
  }

  private func proposal(_ index: Int) -> Proposal {
    let candidate = design.candidate(
      ledger.generation * populationSize + index, run: ledger.run, from: source)
    return Proposal(id: ledger.id(of: index), genome: candidate.genome, point: candidate.point)
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
      source: try container.decode(InitialDesign.Source.self, forKey: .source),
      ledger: try container.decode(GenerationLedger.self, forKey: .ledger))
  }
}

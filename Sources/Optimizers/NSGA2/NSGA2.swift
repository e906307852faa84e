public import Diagnostics
import Randomness
public import SearchSpaces

/// A genetic algorithm for several objectives: the survivors are the candidates that no other beats in
/// every score, spread along their front.
///
/// Reference: Deb et al., IEEE Transactions on Evolutionary Computation 6(2), 2002.
public struct NSGA2: Optimizer {
  public static let name = "nsga-ii"

  public let space: SearchSpace
  public let settings: OptimizerSettings
  public let seed: UInt64
  private(set) var state: State
  private let design: InitialDesign
  private var offspring: [InitialDesign.Candidate] = []

  /// Everything that outcomes change.
  struct State: Sendable, Codable {
    var ledger: GenerationLedger
    /// At most as many as a generation has candidates, best first; empty: none was ranked yet.
    var survivors: [Survivor] = []
    var voidGenerations = 0
    var termination: Termination?
  }

  struct Survivor: Sendable, Codable {
    let genome: Genome
    let outcome: Outcome
  }

  public init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic) {
    try settings.refuse([.restarts, .warmStart], of: Self.name)
    let design = try InitialDesign(space: space, settings: settings, seed: seed)
    let size = settings.populationSize ?? 2 * plainPopulationSize(design.dimension)
    self.init(design, state: State(ledger: GenerationLedger(populationSize: size)))
  }

  private init(_ design: InitialDesign, state: State) {
    space = design.space
    settings = design.settings
    seed = design.seed
    self.design = design
    self.state = state
  }

  public var generation: Int { state.ledger.generation }
  public var populationSize: Int { state.ledger.populationSize }
  /// All: any of them may belong to a front.
  public var parentCount: Int { populationSize }
  public var termination: Termination? { state.termination }
  public var covariance: String? { nil }
  public var warning: String? { nil }
  public var told: [Bool] { state.ledger.told }
  public var distribution: [ParameterDistribution] { [] }

  public var decisions: [String] {
    [
      "objectives: \(settings.objectives)",
      "population: \(populationSize) candidates per generation"
        + (settings.populationSize == nil ? "" : ", as asked for"),
    ]
  }

  /// The survivors that no other survivor dominates.
  public var recommendation: Recommendation {
    let scored = state.survivors.filter { $0.scores != nil }
    let ranking = ParetoRanking(scored.compactMap(\.scores))
    return Recommendation(
      mean: nil, combinations: [], front: (ranking.fronts.first ?? []).map { scored[$0].genome })
  }

  public mutating func ask(_ count: Int) -> [Proposal] {
    guard termination == nil else { return [] }
    if offspring.isEmpty { offspring = candidates() }
    return state.ledger.handOut(count).map { proposal($0, offspring[$0]) }
  }

  public var population: [Proposal] {
    (offspring.isEmpty ? candidates() : offspring).enumerated().map {
      proposal($0.offset, $0.element)
    }
  }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    guard
      let outcomes = try state.ledger.record(id, outcome, objectives: settings.objectives)
    else { return }
    if offspring.isEmpty { offspring = candidates() }
    select(outcomes)
    offspring = []
    state.ledger.advance(after: outcomes)
    if state.voidGenerations >= 3 { state.termination = .failingCandidates }
  }

  private func proposal(_ index: Int, _ candidate: InitialDesign.Candidate) -> Proposal {
    Proposal(id: state.ledger.id(of: index), genome: candidate.genome, point: candidate.point)
  }

  /// Before anything is ranked the start, points of the whole space and points around the start in
  /// turn; then children of the survivors.
  private func candidates() -> [InitialDesign.Candidate] {
    guard !state.survivors.isEmpty else {
      return (0..<populationSize).map { index in
        if index == 0, generation == 0 {
          return InitialDesign.Candidate(genome: design.start, point: design.start.values)
        }
        return design.candidate(
          generation * populationSize + index, run: 0,
          from: index.isMultiple(of: 2) ? .start : .space)
      }
    }
    let mating = Mating(
      space: space, survivors: state.survivors, sigma: settings.sigma, seed: seed,
      generation: generation)
    return (0..<populationSize).map { index in
      let genome = mating.child(index)
      return InitialDesign.Candidate(genome: genome, point: genome.values)
    }
  }

  /// The best of survivors and offspring survive.
  private mutating func select(_ outcomes: [Outcome]) {
    let isVoid = 2 * outcomes.count { $0 == .invalid } > outcomes.count { $0 != .dropped }
    let pool =
      state.survivors
      + zip(offspring, outcomes).compactMap { candidate, outcome in
        switch outcome {
        case .scores, .stopped: Survivor(genome: candidate.genome, outcome: outcome)
        case .invalid, .dropped: nil
        }
      }
    guard !isVoid, outcomes.contains(where: { $0 != .dropped }) else {
      state.voidGenerations += 1
      return
    }
    state.voidGenerations = 0
    let order = Self.bestFirst(pool)
    state.survivors = order.prefix(populationSize).map { pool[$0] }
  }

  /// By front, then by room in the front, then in the order of `pool`; the stopped come last, later
  /// and larger first.
  static func bestFirst(_ pool: [Survivor]) -> [Int] {
    let scored = pool.indices.filter { pool[$0].scores != nil }
    let ranking = ParetoRanking(scored.compactMap { pool[$0].scores })
    let order = scored.indices.sorted { left, right in
      if ranking.ranks[left] != ranking.ranks[right] {
        return ranking.ranks[left] < ranking.ranks[right]
      }
      let (a, b) = (ranking.crowding[left], ranking.crowding[right])
      return a == b ? left < right : a > b
    }
    let stopped = Ranking(pool.map { $0.scores == nil ? $0.outcome : .dropped })
    return order.map { scored[$0] } + stopped.order
  }
}

extension NSGA2.Survivor {
  /// nil: raced out.
  var scores: [Double]? {
    if case .scores(let scores) = outcome { return scores }
    return nil
  }
}

extension NSGA2 {
  private enum CodingKeys: CodingKey { case space, settings, seed, state }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(space, forKey: .space)
    try container.encode(settings, forKey: .settings)
    try container.encode(seed, forKey: .seed)
    try container.encode(state, forKey: .state)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try InitialDesign(
        space: try container.decode(SearchSpace.self, forKey: .space),
        settings: try container.decode(OptimizerSettings.self, forKey: .settings),
        seed: try container.decode(UInt64.self, forKey: .seed)),
      state: try container.decode(State.self, forKey: .state))
    for survivor in state.survivors { try space.validate(survivor.genome, at: "survivor") }
  }
}

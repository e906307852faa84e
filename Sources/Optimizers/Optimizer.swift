public import Diagnostics
public import SearchSpaces

/// An ask-and-tell optimizer over a search space.
///
/// Higher scores are better; the core negates once, where it minimizes.
///
/// A codable value: encode to pause, decode to resume. Random numbers are addressed by (run,
/// generation, index), so there is no generator state to save, and the trajectory is a pure
/// function of space, settings, seed and outcomes, in whatever order they are told.
public protocol Optimizer: Sendable, Codable {
  static var name: String { get }
  init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic)

  var space: SearchSpace { get }
  /// The open generation, counted from 0 over all runs; it advances when the last of its outcomes is told.
  var generation: Int { get }
  /// Candidates of the open generation; restarts change it, the machine never does.
  var populationSize: Int { get }
  /// How many candidates of a generation must be ranked by full scores (μ).
  var parentCount: Int { get }
  /// Set once the optimizer cannot usefully go on; then `ask` returns nothing.
  var termination: Termination? { get }
  /// How the covariance is represented, `full` or `diagonal`; nil: there is none.
  var covariance: String? { get }
  /// What was decided at creation, with reasons, for people: one line each.
  var decisions: [String] { get }
  /// What people should know about the objective, such as that it is flat; nil: nothing.
  var warning: String? { get }

  /// Up to `count` proposals of the open generation not yet handed out, in index order.
  mutating func ask(_ count: Int) -> [Proposal]
  /// In any order; an identical repeat changes nothing, a different one throws.
  ///
  /// Outcomes of a generation that closed before the last one are ignored.
  /// - Throws: ``Diagnostic`` for a different repeat, an unknown id, or a wrong number of scores.
  mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic)
  /// The open generation, handed out or not, in index order: the candidates that `ask` returns.
  var population: [Proposal] { get }
  /// Which of the open generation's candidates have an outcome.
  var told: [Bool] { get }
  /// What the distribution itself recommends.
  var recommendation: Recommendation { get }
  /// The distribution as another search may begin with it; nil: there is none.
  var learned: SearchDistribution? { get }
  /// Where the distribution stands, one entry per parameter of the space.
  var distribution: [ParameterDistribution] { get }
}

extension Optimizer {
  public var learned: SearchDistribution? { nil }
}

/// A candidate to evaluate.
public struct Proposal: Hashable, Sendable, Codable, Identifiable {
  public struct ID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// Counts restarts.
    public let run: Int
    public let generation: Int
    public let index: Int

    public init(run: Int, generation: Int, index: Int) {
      self.run = run
      self.generation = generation
      self.index = index
    }

    public static func < (left: ID, right: ID) -> Bool {
      (left.run, left.generation, left.index) < (right.run, right.generation, right.index)
    }

    public var description: String { "\(run)/\(generation)/\(index)" }
  }

  public let id: ID
  public let genome: Genome
  /// The optimizer's own coordinates before bounds and rounding; stored for inspection only.
  public let point: [Double]
}

/// What became of a candidate.
public enum Outcome: Sendable, Codable, Hashable {
  /// One per objective, each higher is better; a score that is not finite counts as `invalid`.
  case scores([Double])
  /// Raced out; ranks below every survivor, later and larger first.
  case stopped(block: Int, difference: Double)
  /// NaN or failed; ranks last.
  case invalid
  /// Never evaluated.
  case dropped
}

/// Why an optimizer has stopped by itself; references are to Hansen, arXiv 1604.00772, appendix B.
public enum Termination: String, Sendable, Codable, CaseIterable {
  case stepsTooSmall
  case scoresConstant
  case scoresEqual
  case stagnation
  case illConditioned
  case noEffectAxis
  case noEffectCoordinate
  case diverged
  case failingCandidates

  /// For people, such as "no progress over many generations".
  public var explanation: String {
    switch self {
    case .stepsTooSmall: "the distribution has become narrower than any useful change (TolX)"
    case .scoresConstant: "scores have not changed over many generations (TolFun)"
    case .scoresEqual: "too many candidates have equal scores (EqualFun)"
    case .stagnation: "no progress over many generations (Stagnation)"
    case .illConditioned: "the covariance is too ill-conditioned (ConditionCov)"
    case .noEffectAxis: "steps along an axis no longer change the mean (NoEffectAxis)"
    case .noEffectCoordinate: "steps of a parameter no longer change the mean (NoEffectCoord)"
    case .diverged: "the distribution has grown without bound (TolXUp)"
    case .failingCandidates: "most candidates failed in three generations in a row"
    }
  }
}

/// Where a distribution stands for one parameter, in the user's units.
public struct ParameterDistribution: Hashable, Sendable, Codable {
  public enum Shape: Hashable, Sendable, Codable {
    case spread(mean: Double, standardDeviation: Double)
    case probabilities([Double])
    case fixed
  }

  public let name: String
  public let shape: Shape
}

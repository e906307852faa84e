/// A candidate that validation chooses from.
public struct Finalist: Sendable, Hashable {
  public var candidate: Candidate.ID
  /// How it was found, in words, such as `mean of the distribution`.
  public var origin: String

  /// The origin of the distribution's mean with its most probable categories.
  public static let meanOrigin = "mean of the distribution"

  public init(candidate: Candidate.ID, origin: String) {
    self.candidate = candidate
    self.origin = origin
  }
}

/// The winner against one other model, on one split.
public struct Comparison: Sendable, Hashable {
  public enum Role: String, Sendable, Codable {
    /// The comparisons that the verdict is about, at the adjusted level.
    case bestParent = "best_parent"
    case bestSimple = "best_simple"
    /// With the best of the random candidates.
    case control
    /// Any other parent, unadjusted.
    case parent
  }

  public var opponent: Candidate.ID
  public var role: Role
  public var split: BenchmarkSplit
  /// Mean of the winner's score less the opponent's, and its interval at `level`.
  public var gain: Double
  public var low: Double
  public var high: Double
  /// Such as 0.975.
  public var level: Double
  /// Such as `better than the best parent (numerals)`.
  public var words: String

  public init(
    opponent: Candidate.ID, role: Role, split: BenchmarkSplit, gain: Double, low: Double,
    high: Double, level: Double, words: String
  ) {
    self.opponent = opponent
    self.role = role
    self.split = split
    self.gain = gain + 0
    self.low = low + 0
    self.high = high + 0
    self.level = level
    self.words = words
  }
}

/// The end of a search; a search that was extended has several, numbered by `round` from 1.
public struct Conclusion: Sendable, Hashable {
  public var round: Int
  public var winner: Candidate.ID
  public var bestParent: Candidate.ID
  public var bestSimple: Candidate.ID?
  public var comparisons: [Comparison]

  public init(
    round: Int, winner: Candidate.ID, bestParent: Candidate.ID, bestSimple: Candidate.ID?,
    comparisons: [Comparison]
  ) {
    self.round = round
    self.winner = winner
    self.bestParent = bestParent
    self.bestSimple = bestSimple
    self.comparisons = comparisons
  }
}

/// A look at the test split; more than one makes its figures less than honest, so all are recorded.
public struct TestLook: Sendable, Hashable {
  public enum Purpose: String, Sendable, Codable {
    /// For the verdict of this round.
    case verdict
    /// Because the user asked for it.
    case evaluate
  }

  /// From 1.
  public var number: Int
  public var purpose: Purpose
  public var round: Int?
  public var candidates: [Candidate.ID]
}

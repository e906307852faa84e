public import SearchSpaces

/// One model of a search: a parent, a simple merge, a point of the search space or a finalist.
public struct Candidate: Sendable, Hashable, Identifiable {
  /// 1, 2, … in the order of creation; the same in an interrupted and an uninterrupted run.
  public typealias ID = Int

  public enum Kind: String, Sendable, Codable, CaseIterable {
    case base, expert
    /// A simple merge that needs no search, such as the mean of the experts.
    case simple
    /// Proposed by the optimizer.
    case search
    /// Made for the final comparison, such as the mean of the optimizer's distribution.
    case finalist
    /// Drawn at random from the distribution that the search began with, to compare the winner with.
    case control

    public var isParent: Bool { self == .base || self == .expert }
    /// Parents and simple merges, which are scored without being charged.
    public var isBaseline: Bool { isParent || self == .simple }
  }

  /// Where an optimizer's proposal came from.
  public struct Proposal: Sendable, Hashable, Codable {
    public var run: Int
    public var generation: Int
    public var index: Int

    public init(run: Int, generation: Int, index: Int) {
      self.run = run
      self.generation = generation
      self.index = index
    }
  }

  public enum Status: Sendable, Hashable {
    /// Not yet scored on all items that its evaluation needs.
    case pending
    case scored
    /// Raced out after `block`, this much behind the candidate that it was compared with.
    case stopped(block: Int, difference: Double)
    /// Cannot be scored (NaN, a failed merge), for a reason that users read.
    case failed(String)
    /// Given up without a result, so that the generation could close.
    case dropped
  }

  public var id: ID
  public var kind: Kind
  /// The model's name, the simple merge's or the finalist's description; nil for proposals.
  public var name: String?
  public var proposal: Proposal?
  /// A point of the plan's space; nil for parents and simple merges that the space cannot express.
  public var genome: Genome?
  /// The optimizer's own coordinates of the proposal, before the boundary map.
  public var point: [Double]?
  /// The YAML document that `merge` takes; nil for parents.
  public var recipe: String?
  /// Equal for candidates that are the same merge.
  public var fingerprint: UInt64
  /// An earlier candidate with the same fingerprint whose results count for this one too.
  public var duplicateOf: ID?
  public var status: Status
  /// The estimate of the full score that the optimizer was told of a candidate that saw a subset of the
  /// items; nil: it was told the score itself.
  public var told: Double?
}

/// A candidate before the store has numbered it.
public struct NewCandidate: Sendable, Hashable {
  public var kind: Candidate.Kind
  public var name: String?
  public var proposal: Candidate.Proposal?
  public var genome: Genome?
  public var point: [Double]?
  public var recipe: String?
  public var fingerprint: UInt64
  public var duplicateOf: Candidate.ID?
  public var status: Candidate.Status

  public init(
    kind: Candidate.Kind, name: String? = nil, proposal: Candidate.Proposal? = nil,
    genome: Genome? = nil, point: [Double]? = nil, recipe: String? = nil, fingerprint: UInt64,
    duplicateOf: Candidate.ID? = nil, status: Candidate.Status = .pending
  ) {
    self.kind = kind
    self.name = name
    self.proposal = proposal
    self.genome = genome
    self.point = point
    self.recipe = recipe
    self.fingerprint = fingerprint
    self.duplicateOf = duplicateOf
    self.status = status
  }
}

public import Foundation

/// One round of ask and tell.
public struct Generation: Sendable, Hashable {
  public enum Outcome: String, Sendable, Codable {
    case open, closed
    /// Too few valid results: the optimizer's distribution did not change.
    case void
  }

  public var run: Int
  public var number: Int
  public var outcome: Outcome
  /// The optimizer when this generation was opened; every tenth and the last two are kept.
  public var state: Data?
}

/// A generation that is opened, with the candidates that the optimizer proposes.
public struct NewGeneration: Sendable {
  public var run: Int
  public var number: Int
  /// The optimizer's encoded state, from which a resumed run goes on.
  public var state: Data
  public var candidates: [NewCandidate]

  public init(run: Int, number: Int, state: Data, candidates: [NewCandidate]) {
    self.run = run
    self.number = number
    self.state = state
    self.candidates = candidates
  }
}

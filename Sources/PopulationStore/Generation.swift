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
  /// Of a first generation: how the search items are cut into blocks; empty: they are not.
  public var places: [ItemPlace]

  public init(
    run: Int, number: Int, state: Data, candidates: [NewCandidate], places: [ItemPlace] = []
  ) {
    self.run = run
    self.number = number
    self.state = state
    self.candidates = candidates
    self.places = places
  }
}

/// Where an item of the search split stands among the blocks of a search.
public struct ItemPlace: Sendable, Hashable {
  public var task: String
  /// Of the item in its task and split, from 0.
  public var position: Int
  public var block: Int
  public var weight: Double

  public init(task: String, position: Int, block: Int, weight: Double) {
    self.task = task
    self.position = position
    self.block = block
    self.weight = weight
  }
}

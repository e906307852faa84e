public import Foundation

/// What happened when, on which machine, and how long it took: nothing that a result depends on.
public struct Event: Sendable, Hashable {
  public var at: Date
  /// Such as `session`, `wave`, `stopped`.
  public var kind: String
  /// Seconds since this session began, which a time limit adds up over the sessions.
  public var elapsed: Double
  public var candidate: Candidate.ID?
  /// JSON.
  public var detail: String

  public init(
    at: Date, kind: String, elapsed: Double, candidate: Candidate.ID? = nil, detail: String = "{}"
  ) {
    self.at = at
    self.kind = kind
    self.elapsed = elapsed
    self.candidate = candidate
    self.detail = detail
  }
}

/// An event as it was recorded by the driver's `session`, from 1.
public struct RecordedEvent: Sendable, Hashable {
  public var id: Int
  public var session: Int
  public var event: Event

  public init(id: Int, session: Int, event: Event) {
    self.id = id
    self.session = session
    self.event = event
  }
}

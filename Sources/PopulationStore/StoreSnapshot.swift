public import Foundation
import GRDB

/// All figures of a search at one moment, for reports; item results and optimizer states stay in the store.
public struct StoreSnapshot: Sendable {
  public var path: String
  public var search: StoredSearch
  public var candidates: [Candidate]
  /// As ``PopulationStore/evaluations(of:split:)`` orders them.
  public var evaluations: [Evaluation]
  /// Without their states.
  public var generations: [Generation]
  public var conclusions: [Conclusion]
  /// Of the round of the last conclusion; without tasks, of the last round.
  public var finalists: [Finalist]
  public var testLooks: [TestLook]
  public var chargedCost: Double
  /// Seconds, over all sessions.
  public var runningTime: Double
  public var sessions: Int
  /// In the order of recording.
  public var events: [RecordedEvent]
  /// When the last event was recorded.
  public var lastEvent: Date?
  /// JSON of the waves' events.
  public var waves: [String] { events.lazy.map(\.event).filter { $0.kind == "wave" }.map(\.detail) }
}

extension PopulationStore {
  public func snapshot() throws -> StoreSnapshot {
    try query { store in
      let conclusions = try store.conclusions()
      let search = try store.search()
      // A search without tasks has no verdict; what it recommends is among its last finalists.
      let lastRound = search.tasks.isEmpty ? try store.lastFinalistRound() : 0
      return StoreSnapshot(
        path: path,
        search: search,
        candidates: try store.candidates(.all),
        evaluations: try store.evaluations(where: "TRUE", []),
        generations: try store.generations().map { generation in
          var generation = generation
          generation.state = nil
          return generation
        },
        conclusions: conclusions,
        finalists: try store.finalists(round: conclusions.last?.round ?? lastRound),
        testLooks: try store.testLooks(),
        chargedCost: try store.chargedCost(),
        runningTime: try store.runningTime(),
        sessions: try Int.fetchOne(store.db, sql: "SELECT max(session) FROM event") ?? 0,
        events: try store.events(kind: nil),
        lastEvent: try Date.fetchOne(
          store.db, sql: "SELECT at FROM event ORDER BY id DESC LIMIT 1")
      )
    }
  }
}

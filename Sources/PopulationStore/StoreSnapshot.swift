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
  /// Of the round of the last conclusion.
  public var finalists: [Finalist]
  public var testLooks: [TestLook]
  public var chargedCost: Double
  /// Seconds, over all sessions.
  public var runningTime: Double
  public var sessions: Int
  /// When the last event was recorded.
  public var lastEvent: Date?
  /// JSON of the waves' events.
  public var waves: [String]
}

extension PopulationStore {
  public func snapshot() throws -> StoreSnapshot {
    try query { store in
      let conclusions = try store.conclusions()
      return StoreSnapshot(
        path: path,
        search: try store.search(),
        candidates: try store.candidates(.all),
        evaluations: try store.evaluations(where: "TRUE", []),
        generations: try store.generations().map { generation in
          var generation = generation
          generation.state = nil
          return generation
        },
        conclusions: conclusions,
        finalists: try store.finalists(round: conclusions.last?.round ?? 0),
        testLooks: try store.testLooks(),
        chargedCost: try store.chargedCost(),
        runningTime: try store.runningTime(),
        sessions: try Int.fetchOne(store.db, sql: "SELECT max(session) FROM event") ?? 0,
        lastEvent: try Date.fetchOne(
          store.db, sql: "SELECT at FROM event ORDER BY id DESC LIMIT 1"),
        waves: try store.events(kind: "wave").map(\.event.detail)
      )
    }
  }
}

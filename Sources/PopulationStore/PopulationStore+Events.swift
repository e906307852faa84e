import Foundation
import GRDB

extension StoreQueries {
  func events(kind: String?) throws -> [RecordedEvent] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM event WHERE (?1 IS NULL OR kind = ?1) ORDER BY id",
      arguments: [kind]
    ).map { row in
      RecordedEvent(
        id: try row.decode(Int.self, forColumn: "id"),
        session: try row.decode(Int.self, forColumn: "session"),
        event: Event(
          at: try row.decode(Date.self, forColumn: "at"),
          kind: try row.decode(String.self, forColumn: "kind"),
          elapsed: try row.decode(Double.self, forColumn: "elapsed"),
          candidate: try row.decode(Int?.self, forColumn: "candidate"),
          detail: try row.decode(String.self, forColumn: "detail")))
    }
  }

  func runningTime() throws -> Double {
    try Double.fetchOne(
      db,
      sql: """
        SELECT sum(seconds) FROM
          (SELECT max(elapsed) AS seconds FROM event GROUP BY session)
        """) ?? 0
  }
}

extension PopulationStore {
  public func record(_ event: Event) throws {
    try write(.event) { db in try insert(event, session: session, into: db) }
  }

  /// As part of the transaction that it belongs to.
  func record(_ event: Event?, in db: Database) throws {
    guard let event else { return }
    try insert(event, session: session, into: db)
  }

  /// Events of this kind, or all, in the order of recording.
  public func events(kind: String? = nil) throws -> [RecordedEvent] {
    try query { try $0.events(kind: kind) }
  }

  /// Seconds that all sessions have run, as far as their events tell.
  public func runningTime() throws -> Double { try query { try $0.runningTime() } }
}

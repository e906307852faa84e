public import Foundation
import GRDB

/// The right to score a candidate outside of this program, until a moment in time.
public struct Lease: Sendable, Hashable {
  public var candidate: Candidate.ID
  public var until: Date
}

extension StoreQueries {
  /// The last lease of each candidate, among those that have not ended.
  func leases(at now: Date) throws -> [Lease] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT candidate, max(id), detail FROM event
        WHERE kind = 'lease' AND candidate IS NOT NULL GROUP BY candidate ORDER BY candidate
        """
    ).compactMap { row in
      let detail = try decodeJSON(
        [String: Double].self, row.decode(String.self, forColumn: "detail"),
        at: "\(path): event.detail")
      let until = Date(timeIntervalSince1970: detail["until"] ?? 0)
      guard until > now else { return nil }
      return Lease(candidate: try row.decode(Int.self, forColumn: "candidate"), until: until)
    }
  }
}

extension PopulationStore {
  /// The leases that are live: not ended, of candidates without a result.
  public func liveLeases(at now: Date) throws -> [Lease] {
    try query { queries in
      try queries.leases(at: now).filter {
        try queries.candidate($0.candidate).status == .pending
      }
    }
  }

  /// Leases candidates, all or none.
  public func lease(_ candidates: [Candidate.ID], until: Date, now: Date) throws {
    let detail = try canonicalJSON(["until": until.timeIntervalSince1970])
    try write(.event) { db in
      for candidate in candidates {
        try record(
          Event(at: now, kind: "lease", elapsed: 0, candidate: candidate, detail: detail), in: db)
      }
    }
  }
}

import Diagnostics
import GRDB

extension StoreQueries {
  func candidates(_ selection: PopulationStore.Selection) throws -> [Candidate] {
    let (clause, arguments): (String, StatementArguments) =
      switch selection {
      case .all: ("TRUE", [])
      case .baselines: ("kind IN ('base', 'expert', 'simple')", [])
      case .kind(let kind): ("kind = ?", [kind.rawValue])
      case .generation(let run, let number): ("run = ? AND generation = ?", [run, number])
      }
    return try Row.fetchAll(
      db, sql: "SELECT * FROM candidate WHERE \(clause) ORDER BY id", arguments: arguments
    ).map(Candidate.init)
  }

  func candidate(_ id: Candidate.ID) throws -> Candidate {
    guard
      let row = try Row.fetchOne(db, sql: "SELECT * FROM candidate WHERE id = ?", arguments: [id])
    else {
      let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM candidate") ?? 0
      throw Diagnostic(
        "there is no candidate \(id)", at: path, fix: "use a number from 1 to \(last)")
    }
    return try Candidate(row)
  }

  func candidate(
    fingerprint: UInt64, proposedWith proposal: Candidate.Proposal?
  ) throws -> Candidate? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT * FROM candidate WHERE fingerprint = ? AND duplicate_of IS NULL
          AND kind IN ('search', 'finalist')
          AND (status != 'stopped' OR (run IS ? AND generation IS ?))
        ORDER BY id LIMIT 1
        """, arguments: [fingerprint.asStored, proposal?.run ?? -1, proposal?.generation ?? -1]
    ).map(Candidate.init)
  }
}

extension PopulationStore {
  /// Which candidates are asked for.
  public enum Selection: Sendable {
    case all
    /// Parents and simple merges.
    case baselines
    case kind(Candidate.Kind)
    case generation(run: Int, number: Int)
  }

  /// In the order of their numbers.
  public func candidates(_ selection: Selection = .all) throws -> [Candidate] {
    try query { try $0.candidates(selection) }
  }

  /// Enters random candidates that the winner will be compared with, numbered after those there are.
  public func enterControls(_ candidates: [NewCandidate], event: Event? = nil) throws {
    try write(.control) { db in
      try insert(candidates, into: db)
      try record(event, in: db)
    }
  }

  /// - Throws: ``Diagnostic`` if there is none with this number.
  public func candidate(_ id: Candidate.ID) throws -> Candidate {
    try query { try $0.candidate(id) }
  }

  /// The first candidate with this fingerprint that has an outcome of its own, or will have one.
  ///
  /// Who was raced out counts in the generation of `proposal` only: its partial score says nothing
  /// beside the candidates of another.
  public func candidate(
    fingerprint: UInt64, proposedWith proposal: Candidate.Proposal? = nil
  ) throws -> Candidate? {
    try query { try $0.candidate(fingerprint: fingerprint, proposedWith: proposal) }
  }
}

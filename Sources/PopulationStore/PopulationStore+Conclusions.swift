import Foundation
import GRDB

extension StoreQueries {
  func finalists(round: Int) throws -> [Finalist] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM finalist WHERE round = ? ORDER BY position", arguments: [round]
    ).map { row in
      Finalist(
        candidate: try row.decode(Int.self, forColumn: "candidate"),
        origin: try row.decode(String.self, forColumn: "origin"))
    }
  }

  func lastFinalistRound() throws -> Int {
    try Int.fetchOne(db, sql: "SELECT max(round) FROM finalist") ?? 0
  }

  func testLooks() throws -> [TestLook] {
    try Row.fetchAll(db, sql: "SELECT * FROM test_look ORDER BY number").map { row in
      TestLook(
        number: try row.decode(Int.self, forColumn: "number"),
        purpose: try row.choice("purpose"),
        round: try row.decode(Int?.self, forColumn: "round"),
        candidates: try decodeJSON(
          [Int].self, row.decode(String.self, forColumn: "candidates"),
          at: "\(path): test_look.candidates"))
    }
  }

  func conclusions() throws -> [Conclusion] {
    try Row.fetchAll(db, sql: "SELECT * FROM conclusion ORDER BY round").map { row in
      let round = try row.decode(Int.self, forColumn: "round")
      let comparisons = try Row.fetchAll(
        db, sql: "SELECT * FROM comparison WHERE round = ? ORDER BY position",
        arguments: [round])
      return Conclusion(
        round: round,
        winner: try row.decode(Int.self, forColumn: "winner"),
        bestParent: try row.decode(Int.self, forColumn: "best_parent"),
        bestSimple: try row.decode(Int?.self, forColumn: "best_simple"),
        comparisons: try comparisons.map { row in
          Comparison(
            opponent: try row.decode(Int.self, forColumn: "opponent"),
            role: try row.choice("role"), split: try row.choice("split"),
            gain: try row.decode(Double.self, forColumn: "gain"),
            low: try row.decode(Double.self, forColumn: "low"),
            high: try row.decode(Double.self, forColumn: "high"),
            level: try row.decode(Double.self, forColumn: "level"),
            words: try row.decode(String.self, forColumn: "words"))
        })
    }
  }
}

extension PopulationStore {
  /// How often the search has been concluded.
  public func lastRound() throws -> Int {
    try read { db in try Int.fetchOne(db, sql: "SELECT max(round) FROM conclusion") ?? 0 }
  }

  /// Enters the candidates that validation will choose from.
  ///
  /// The round is ``lastRound()`` + 1. Candidates that did not exist before are `made` here and come
  /// first, then those `chosen` from the search. Returns all of them in order.
  @discardableResult
  public func enter(
    round: Int, made: [(candidate: NewCandidate, origin: String)], chosen: [Finalist],
    event: Event? = nil
  ) throws -> [Finalist] {
    try write(.finalists) { db in
      let candidates = try insert(made.map(\.candidate), into: db)
      let finalists =
        zip(candidates, made).map { Finalist(candidate: $0.id, origin: $1.origin) } + chosen
      for (position, finalist) in finalists.enumerated() {
        try db.insert(
          into: "finalist", ["round", "position", "candidate", "origin"],
          [round, position, finalist.candidate, finalist.origin])
      }
      try setPhase(.finalists, in: db)
      try record(event, in: db)
      return finalists
    }
  }

  /// Ends a search that has no verdict: its scores come from outside.
  public func end(event: Event? = nil) throws {
    try write(.phase) { db in
      try setPhase(.finished, in: db)
      try record(event, in: db)
    }
  }

  /// How often finalists were entered.
  public func lastFinalistRound() throws -> Int { try query { try $0.lastFinalistRound() } }

  /// Notes a look at the test split, before it happens.
  ///
  /// A round's look at the same candidates is noted once, however often a crash repeats it.
  public func noteTestLook(
    _ purpose: TestLook.Purpose, round: Int?, candidates: [Candidate.ID], event: Event? = nil
  ) throws {
    let known = try testLooks()
    if purpose == .verdict,
      known.contains(where: {
        $0.purpose == .verdict && $0.round == round && $0.candidates == candidates
      })
    {
      return
    }
    let ids = try canonicalJSON(candidates)
    try write(.look) { db in
      try db.insert(
        into: "test_look", ["number", "purpose", "round", "candidates"],
        [(known.last?.number ?? 0) + 1, purpose.rawValue, round, ids])
      try record(event, in: db)
    }
  }

  /// Saves winner and verdict; the search is finished.
  public func conclude(_ conclusion: Conclusion, event: Event? = nil) throws {
    try write(.conclusion) { db in
      try db.insert(
        into: "conclusion", ["round", "winner", "best_parent", "best_simple"],
        [
          conclusion.round, conclusion.winner, conclusion.bestParent, conclusion.bestSimple,
        ])
      for (position, comparison) in conclusion.comparisons.enumerated() {
        try db.insert(
          into: "comparison",
          [
            "round", "position", "opponent", "role", "split", "gain", "low", "high", "level",
            "words",
          ],
          [
            conclusion.round, position, comparison.opponent, comparison.role.rawValue,
            comparison.split.rawValue, comparison.gain, comparison.low, comparison.high,
            comparison.level, comparison.words,
          ])
      }
      try setPhase(.finished, in: db)
      try record(event, in: db)
    }
  }

  /// Empty if this round has not been entered.
  public func finalists(round: Int) throws -> [Finalist] {
    try query { try $0.finalists(round: round) }
  }

  public func testLooks() throws -> [TestLook] { try query { try $0.testLooks() } }

  /// One per round, in order.
  public func conclusions() throws -> [Conclusion] { try query { try $0.conclusions() } }
}

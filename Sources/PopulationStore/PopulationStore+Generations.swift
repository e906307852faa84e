import Foundation
import GRDB

extension StoreQueries {
  func openGeneration() throws -> Generation? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT * FROM generation WHERE outcome = 'open' ORDER BY run DESC, number DESC LIMIT 1
        """
    ).map(generation)
  }

  func generations() throws -> [Generation] {
    try Row.fetchAll(db, sql: "SELECT * FROM generation ORDER BY run, number").map(generation)
  }

  private func generation(_ row: Row) throws -> Generation {
    Generation(
      run: try row.decode(Int.self, forColumn: "run"),
      number: try row.decode(Int.self, forColumn: "number"),
      outcome: try row.choice("outcome"),
      state: try row.decode(Data?.self, forColumn: "state"))
  }
}

extension PopulationStore {
  /// How often an old state is kept; the last two are kept besides.
  private static let keptStates = 10

  /// The last generation, unless it was closed without a next one.
  public func openGeneration() throws -> Generation? { try query { try $0.openGeneration() } }

  /// In order, with the states that are kept.
  public func generations() throws -> [Generation] { try query { try $0.generations() } }

  /// Opens the first generation, when all baselines are scored.
  ///
  /// - Returns: The candidates of the generation, numbered.
  @discardableResult
  public func open(_ generation: NewGeneration, event: Event? = nil) throws -> [Candidate] {
    try write(.generation) { db in try open(generation, event: event, in: db) }
  }

  /// Closes a generation, of which the optimizer has been told everything, and opens the next one.
  ///
  /// The outcome is `void` if the distribution stays as it was. `statuses` are last changes to its
  /// candidates, such as drops. Without a `next` one the search ends here, unless it is
  /// extended and continued by ``open(_:event:)``. Returns the candidates of the next generation, numbered.
  @discardableResult
  public func close(
    run: Int, generation number: Int, as outcome: Generation.Outcome,
    statuses: [Candidate.ID: Candidate.Status] = [:], next: NewGeneration?, event: Event? = nil
  ) throws -> [Candidate] {
    precondition(outcome != .open, "a generation is closed as closed or void")
    return try write(.generation) { db in
      try update(statuses, in: db)
      try db.execute(
        sql: """
          UPDATE generation SET outcome = ? WHERE run = ? AND number = ? AND outcome = 'open'
          """, arguments: [outcome.rawValue, run, number])
      precondition(db.changesCount == 1, "generation \(run).\(number) is not open")
      guard let next else {
        try record(event, in: db)
        return []
      }
      try db.execute(
        sql: """
          UPDATE generation SET state = NULL
          WHERE number % ? != 0 AND (run < ? OR (run = ? AND number < ?))
          """, arguments: [Self.keptStates, next.run, next.run, next.number - 1])
      return try open(next, event: event, in: db)
    }
  }

  func open(_ generation: NewGeneration, event: Event?, in db: Database) throws -> [Candidate] {
    try db.insert(
      into: "generation", ["run", "number", "outcome", "state"],
      [
        generation.run, generation.number, Generation.Outcome.open.rawValue, generation.state,
      ])
    let candidates = try insert(generation.candidates, into: db)
    for place in generation.places { try set(place, in: db) }
    try setPhase(.searching, in: db)
    try record(event, in: db)
    return candidates
  }
}

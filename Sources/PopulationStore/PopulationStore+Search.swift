import Foundation
import GRDB

extension StoreQueries {
  func search() throws -> StoredSearch {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM search") else {
      throw PopulationStore.damage("it holds no search", at: path)
    }
    let budgets = try Row.fetchAll(db, sql: "SELECT * FROM budget ORDER BY position")
      .map(Budget.init)
    guard !budgets.isEmpty else {
      throw PopulationStore.damage("it holds no budget", at: path)
    }
    return StoredSearch(
      name: try row.decode(String.self, forColumn: "name"),
      configuration: try row.decode(String.self, forColumn: "configuration"),
      seed: try row.bits("seed"),
      bootstrapSeed: try row.bits("bootstrap_seed"),
      precision: try row.decode(String.self, forColumn: "precision"),
      decode: try row.decode(String.self, forColumn: "decode"),
      phase: try row.choice("phase"),
      reason: try row.decode(String?.self, forColumn: "reason"),
      models: try models(),
      tasks: try tasks(),
      plan: try plan(),
      budgets: budgets)
  }

  private func models() throws -> [StoredModel] {
    try Row.fetchAll(db, sql: "SELECT * FROM model ORDER BY position").map { row in
      StoredModel(
        name: try row.decode(String.self, forColumn: "name"),
        isBase: try row.decode(String.self, forColumn: "role") == "base",
        path: try row.decode(String.self, forColumn: "path"),
        fingerprint: try row.decode(String.self, forColumn: "fingerprint"))
    }
  }

  private func tasks() throws -> [StoredTask] {
    try Row.fetchAll(db, sql: "SELECT * FROM task ORDER BY position").map { row in
      StoredTask(
        name: try row.decode(String.self, forColumn: "name"),
        weight: try row.decode(Double.self, forColumn: "weight"),
        metric: try row.decode(String.self, forColumn: "metric"),
        path: try row.decode(String.self, forColumn: "path"),
        fingerprint: try row.decode(String.self, forColumn: "fingerprint"))
    }
  }

  private func plan() throws -> Plan? {
    try Row.fetchOne(db, sql: "SELECT * FROM plan").map { row in
      Plan(
        space: try row.decode(String.self, forColumn: "space"),
        algorithm: try row.decode(String.self, forColumn: "algorithm"),
        covariance: try row.decode(String?.self, forColumn: "covariance"),
        population: try row.decode(Int.self, forColumn: "population"),
        racing: try row.decode(Bool.self, forColumn: "racing"),
        settings: try row.decode(String.self, forColumn: "settings"))
    }
  }

  func benchmarks() throws -> [StoredBenchmark] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT b.* FROM benchmark b JOIN task t ON t.name = b.task
        ORDER BY t.position,
          CASE b.split WHEN 'search' THEN 0 WHEN 'validation' THEN 1 ELSE 2 END
        """
    ).map { row in
      let task = try row.decode(String.self, forColumn: "task")
      let split: BenchmarkSplit = try row.choice("split")
      let items = try Row.fetchAll(
        db, sql: "SELECT * FROM item WHERE task = ? AND split = ? ORDER BY position",
        arguments: [task, split.rawValue])
      return StoredBenchmark(
        task: task, split: split, path: try row.decode(String.self, forColumn: "path"),
        fingerprint: try row.decode(String.self, forColumn: "fingerprint"),
        requestedTokens: try row.decode(Int.self, forColumn: "requested_tokens"),
        items: try items.map { item in
          StoredBenchmark.Item(
            id: try item.decode(String.self, forColumn: "name"),
            block: try item.decode(Int.self, forColumn: "block"),
            weight: try item.decode(Double.self, forColumn: "weight"))
        })
    }
  }
}

extension PopulationStore {
  public func search() throws -> StoredSearch { try query { try $0.search() } }

  /// In task order, then search, validation, test.
  public func benchmarks() throws -> [StoredBenchmark] { try query { try $0.benchmarks() } }

  /// Fixes what a time limit has left open until the baselines were timed, and opens the first generation.
  ///
  /// - Precondition: No plan is fixed yet.
  /// - Returns: The candidates of the generation, numbered.
  @discardableResult
  public func fix(
    _ plan: Plan, budget: Budget, opening generation: NewGeneration, event: Event? = nil
  ) throws -> [Candidate] {
    try write(.plan) { db in
      try insert(plan, into: db)
      try db.execute(
        sql: "UPDATE budget SET evaluations = ?, time_limit = ?, reserve = ? WHERE position = 0",
        arguments: [budget.evaluations, budget.timeLimit, budget.reserve])
      return try open(generation, event: event, in: db)
    }
  }

  /// Gives a search a new total budget; a finished or stalled search goes on searching.
  public func extend(to budget: Budget, event: Event? = nil) throws {
    try write(.budget) { db in
      let position = try Int.fetchOne(db, sql: "SELECT max(position) + 1 FROM budget") ?? 0
      try insert(budget, at: position, into: db)
      let isPlanned = try Int.fetchOne(db, sql: "SELECT count(*) FROM generation") ?? 0 > 0
      try setPhase(isPlanned ? .searching : .baselines, in: db)
      try record(event, in: db)
    }
  }

  /// Ends a search that cannot go on, saying why.
  public func stall(_ reason: String, event: Event? = nil) throws {
    try write(.phase) { db in
      try setPhase(.stalled, reason: reason, in: db)
      try record(event, in: db)
    }
  }

  /// Notes that a model of the same content lies elsewhere now.
  public func relocate(model name: String, to path: String, event: Event? = nil) throws {
    try write(.model) { db in
      try db.execute(
        sql: "UPDATE model SET path = ? WHERE name = ?", arguments: [path, name])
      precondition(db.changesCount == 1, "there is no model '\(name)'")
      try record(event, in: db)
    }
  }
}

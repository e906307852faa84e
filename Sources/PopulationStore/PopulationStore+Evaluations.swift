import Diagnostics
import Foundation
import GRDB

extension StoreQueries {
  func evaluations(
    where clause: String, _ arguments: StatementArguments
  ) throws -> [Evaluation] {
    var tasks: [EvaluationKey: [Evaluation.TaskScore]] = [:]
    for row in try Row.fetchAll(
      db,
      sql: """
        SELECT s.* FROM task_score s JOIN task t ON t.name = s.task
        WHERE \(clause) ORDER BY t.position, s.metric
        """, arguments: arguments)
    {
      tasks[try EvaluationKey(row), default: []].append(try Evaluation.TaskScore(row))
    }
    return try Row.fetchAll(
      db,
      sql: """
        SELECT * FROM evaluation WHERE \(clause)
        ORDER BY candidate,
          CASE split WHEN 'search' THEN 0 WHEN 'validation' THEN 1 ELSE 2 END,
          precision, decode, mask_seed
        """, arguments: arguments
    ).map { row in
      let key = try EvaluationKey(row)
      let score = try row.decode(Double.self, forColumn: "score")
      guard score.isFinite else { throw PopulationStore.damage("a score is \(score)", at: path) }
      return Evaluation(
        key: key, score: score,
        standardError: try row.decode(Double?.self, forColumn: "standard_error"),
        requestedTokens: try row.decode(Int.self, forColumn: "requested_tokens"),
        cost: try row.decode(Double.self, forColumn: "cost"),
        isComplete: try row.decode(Bool.self, forColumn: "complete"), tasks: tasks[key] ?? [])
    }
  }

  func itemBlocks(_ key: EvaluationKey) throws -> [ItemBlock] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT r.* FROM item_result r JOIN task t ON t.name = r.task
        WHERE \(EvaluationKey.clause) ORDER BY t.position, r.block
        """, arguments: key.arguments
    ).map { row in
      let task = try row.decode(String.self, forColumn: "task")
      let block = try row.decode(Int.self, forColumn: "block")
      let items = try row.decode(Data.self, forColumn: "items")
      return ItemBlock(
        key: key, task: task, block: block,
        items: try ItemTable(
          decoding: [UInt8](items),
          at: "\(path): item_result of candidate \(key.candidate), \(task), block \(block)"))
    }
  }

  func scoredBlocks(_ key: EvaluationKey) throws -> Set<Int> {
    try Int.fetchSet(
      db, sql: "SELECT DISTINCT block FROM item_result WHERE \(EvaluationKey.clause)",
      arguments: key.arguments)
  }

  func sampleTexts(_ key: EvaluationKey) throws -> [SampleText] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT x.* FROM sample_text x JOIN task t ON t.name = x.task
        WHERE \(EvaluationKey.clause) ORDER BY t.position, x.position
        """, arguments: key.arguments
    ).map { row in
      SampleText(
        key: key, task: try row.decode(String.self, forColumn: "task"),
        position: try row.decode(Int.self, forColumn: "position"),
        text: try row.decode(String.self, forColumn: "text"))
    }
  }

  func chargedCost() throws -> Double {
    try Double.fetchAll(
      db,
      sql: """
        SELECT e.cost FROM evaluation e
          JOIN candidate c ON c.id = e.candidate JOIN search s
        WHERE c.kind = 'search' AND e.split = 'search' AND e.precision = s.precision
          AND e.decode = s.decode
        ORDER BY c.id, e.mask_seed
        """
    ).reduce(0, +)
  }
}

extension PopulationStore {
  /// In the order of candidate, split (search, validation, test), precision, decoding and mask seed.
  public func evaluations(
    of candidate: Candidate.ID? = nil, split: BenchmarkSplit? = nil
  ) throws -> [Evaluation] {
    try query {
      try $0.evaluations(
        where: "(?1 IS NULL OR candidate = ?1) AND (?2 IS NULL OR split = ?2)",
        [candidate, split?.rawValue])
    }
  }

  public func evaluation(_ key: EvaluationKey) throws -> Evaluation? {
    try query { try $0.evaluations(where: EvaluationKey.clause, key.arguments).first }
  }

  /// What search candidates have cost so far, in full passes over the search split.
  public func chargedCost() throws -> Double { try query { try $0.chargedCost() } }

  /// Item results in task order, then block by block.
  public func itemBlocks(_ key: EvaluationKey) throws -> [ItemBlock] {
    try query { try $0.itemBlocks(key) }
  }

  /// The blocks of items of which there are results.
  public func scoredBlocks(_ key: EvaluationKey) throws -> Set<Int> {
    try query { try $0.scoredBlocks(key) }
  }

  /// Generated texts in task and item order; of baselines and finalists only.
  public func sampleTexts(_ key: EvaluationKey) throws -> [SampleText] {
    try query { try $0.sampleTexts(key) }
  }

  /// Saves the results of a wave, of which nobody may have been told before.
  ///
  /// - Precondition: None of its results is stored already.
  public func commit(_ wave: Wave, event: Event? = nil) throws {
    try write(.wave) { db in
      try insert(wave, into: db)
      try record(event, in: db)
    }
  }
}

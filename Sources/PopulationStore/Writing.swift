import Foundation
import GRDB
import SearchSpaces

// The statements behind the transactions.

extension Database {
  /// One row, its columns in the order of the names.
  func insert(into table: String, _ columns: [String], _ values: StatementArguments) throws {
    let names = columns.joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    try cachedStatement(sql: "INSERT INTO \(table) (\(names)) VALUES (\(marks))")
      .execute(arguments: values)
  }
}

func insert(_ search: NewSearch, into db: Database) throws {
  try db.insert(
    into: "search",
    [
      "id", "name", "configuration", "seed", "bootstrap_seed", "precision", "decode", "phase",
    ],
    [
      1, search.name, search.configuration, search.seed.asStored, search.bootstrapSeed.asStored,
      search.precision, search.decode, StoredSearch.Phase.baselines.rawValue,
    ])
  if let plan = search.plan { try insert(plan, into: db) }
  try insert(search.budget, at: 0, into: db)
  for (position, model) in search.models.enumerated() {
    try db.insert(
      into: "model", ["position", "name", "role", "path", "fingerprint"],
      [position, model.name, model.isBase ? "base" : "expert", model.path, model.fingerprint])
  }
  for (position, task) in search.tasks.enumerated() {
    try db.insert(
      into: "task", ["position", "name", "weight", "metric", "path", "fingerprint"],
      [position, task.name, task.weight, task.metric, task.path, task.fingerprint])
  }
  for benchmark in search.benchmarks { try insert(benchmark, into: db) }
  try insert(search.baselines, into: db)
}

func insert(_ plan: Plan, into db: Database) throws {
  try db.insert(
    into: "plan",
    ["id", "space", "algorithm", "covariance", "population", "racing", "settings"],
    [
      1, plan.space, plan.algorithm, plan.covariance, plan.population, plan.racing, plan.settings,
    ])
}

func insert(_ budget: Budget, at position: Int, into db: Database) throws {
  try db.insert(
    into: "budget", ["position", "evaluations", "time_limit", "reserve"],
    [position, budget.evaluations, budget.timeLimit, budget.reserve])
}

private func insert(_ benchmark: StoredBenchmark, into db: Database) throws {
  try db.insert(
    into: "benchmark", ["task", "split", "path", "fingerprint", "requested_tokens"],
    [
      benchmark.task, benchmark.split.rawValue, benchmark.path, benchmark.fingerprint,
      benchmark.requestedTokens,
    ])
  for (position, item) in benchmark.items.enumerated() {
    try db.insert(
      into: "item", ["task", "split", "position", "name", "block", "weight"],
      [
        benchmark.task, benchmark.split.rawValue, position, item.id, item.block, item.weight,
      ])
  }
}

func set(_ place: ItemPlace, in db: Database) throws {
  try db.cachedStatement(
    sql: """
      UPDATE item SET block = ?, weight = ? WHERE task = ? AND split = 'search' AND position = ?
      """
  ).execute(arguments: [place.block, place.weight, place.task, place.position])
  precondition(db.changesCount == 1, "there is no item \(place.position) of \(place.task)")
}

/// Numbers the candidates after the last one.
@discardableResult
func insert(_ candidates: [NewCandidate], into db: Database) throws -> [Candidate] {
  let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM candidate") ?? 0
  return try candidates.enumerated().map { index, candidate in
    let id = last + 1 + index
    let status = candidate.status.columns
    try db.insert(
      into: "candidate",
      [
        "id", "kind", "name", "run", "generation", "place", "genome", "point", "recipe",
        "fingerprint", "duplicate_of", "status", "reason", "stopped_block", "stopped_difference",
      ],
      [
        id, candidate.kind.rawValue, candidate.name, candidate.proposal?.run,
        candidate.proposal?.generation, candidate.proposal?.index,
        candidate.genome.map { Data(encode($0.values)) }, candidate.point.map { Data(encode($0)) },
        candidate.recipe, candidate.fingerprint.asStored, candidate.duplicateOf, status.status,
        status.reason, status.block, status.difference,
      ])
    return Candidate(
      id: id, kind: candidate.kind, name: candidate.name, proposal: candidate.proposal,
      genome: candidate.genome, point: candidate.point, recipe: candidate.recipe,
      fingerprint: candidate.fingerprint, duplicateOf: candidate.duplicateOf,
      status: candidate.status)
  }
}

func update(_ statuses: [Candidate.ID: Candidate.Status], in db: Database) throws {
  for (id, status) in statuses.sorted(by: { $0.key < $1.key }) {
    let columns = status.columns
    try db.cachedStatement(
      sql: """
        UPDATE candidate SET status = ?, reason = ?, stopped_block = ?, stopped_difference = ?
        WHERE id = ?
        """
    ).execute(arguments: [columns.status, columns.reason, columns.block, columns.difference, id])
    precondition(db.changesCount == 1, "there is no candidate \(id)")
  }
}

func setPhase(_ phase: StoredSearch.Phase, reason: String? = nil, in db: Database) throws {
  try db.execute(
    sql: "UPDATE search SET phase = ?, reason = ?", arguments: [phase.rawValue, reason])
}

func insert(_ evaluation: Evaluation, into db: Database) throws {
  let key = ["candidate", "split", "precision", "decode", "mask_seed"]
  try db.insert(
    into: "evaluation",
    key + ["score", "standard_error", "requested_tokens", "cost", "complete"],
    evaluation.key.arguments + [
      evaluation.score, evaluation.standardError, evaluation.requestedTokens, evaluation.cost,
      evaluation.isComplete,
    ])
  for task in evaluation.tasks {
    try db.insert(
      into: "task_score",
      key + ["task", "metric", "value", "standard_error", "items", "decoded", "changed"],
      evaluation.key.arguments + [
        task.task, task.metric, task.value, task.standardError, task.count, task.decoded,
        task.changed,
      ])
  }
}

/// Puts a complete evaluation in the place of a partial one, at the cost of that.
private func complete(_ evaluation: Evaluation, in db: Database) throws {
  let key = evaluation.key.arguments
  var evaluation = evaluation
  guard
    let cost = try Double.fetchOne(
      db, sql: "SELECT cost FROM evaluation WHERE \(EvaluationKey.clause) AND complete = 0",
      arguments: key)
  else { preconditionFailure("candidate \(evaluation.key.candidate) has nothing to complete") }
  evaluation.cost = cost
  for table in ["task_score", "evaluation"] {
    try db.execute(sql: "DELETE FROM \(table) WHERE \(EvaluationKey.clause)", arguments: key)
  }
  try insert(evaluation, into: db)
}

func insert(_ wave: Wave, into db: Database) throws {
  let key = ["candidate", "split", "precision", "decode", "mask_seed"]
  for evaluation in wave.evaluations { try insert(evaluation, into: db) }
  for evaluation in wave.completions { try complete(evaluation, in: db) }
  for block in wave.blocks {
    try db.insert(
      into: "item_result", key + ["task", "block", "items"],
      block.key.arguments + [block.task, block.block, Data(block.items.encoded)])
  }
  for text in wave.texts {
    try db.insert(
      into: "sample_text", key + ["task", "position", "text"],
      text.key.arguments + [text.task, text.position, printable(text.text)])
  }
  try update(wave.statuses, in: db)
  for (id, score) in wave.told.sorted(by: { $0.key < $1.key }) {
    try db.cachedStatement(sql: "UPDATE candidate SET told = ? WHERE id = ?")
      .execute(arguments: [score, id])
  }
}

/// SQLite's texts end at the first NUL, which a model may well generate; it becomes its Unicode picture.
private func printable(_ text: String) -> String { text.replacing("\0", with: "\u{2400}") }

func insert(_ event: Event, session: Int, into db: Database) throws {
  try db.insert(
    into: "event", ["at", "session", "kind", "elapsed", "candidate", "detail"],
    [event.at, session, event.kind, event.elapsed, event.candidate, event.detail])
}

public import Documents
import Foundation
import PopulationStore
import SearchSpaces

extension JSONValue {
  init(_ value: Double?) { self = value.map { .init(finite: $0) } ?? .null }
  init(_ value: String?) { self = value.map(JSONValue.string) ?? .null }
  init(_ value: Int?) { self = value.map { JSONValue($0) } ?? .null }

  /// JSON has no numbers for infinities and NaN: these become strings.
  init(finite value: Double) {
    self = value.isFinite ? JSONValue(value) : .string("\(value)")
  }

  static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member($0.key, $0.value) })
  }
}

extension SearchReport {
  /// What `status --json` prints; keys are stable.
  public var json: JSONValue {
    let search = snapshot.search
    return .object([
      "name": .string(search.name),
      "store": .string(snapshot.path),
      "phase": .string(search.phase.rawValue),
      "reason": JSONValue(search.reason),
      "seed": .number("\(search.seed)"),
      "plan": plan,
      "budget": .object([
        "evaluations": JSONValue(search.budget.evaluations),
        "time_limit_seconds": JSONValue(search.budget.timeLimit),
        "reserve": JSONValue(finite: search.budget.reserve),
        "spent_evaluations": JSONValue(finite: snapshot.chargedCost),
        "running_seconds": JSONValue(finite: snapshot.runningTime),
      ]),
      "sessions": JSONValue(snapshot.sessions),
      "last_event": JSONValue(snapshot.lastEvent?.formatted(.iso8601)),
      "search_scores": manner(searching),
      "judging_scores": manner(judging),
      "baselines": .array(baselines.map(summary)),
      "best_observed": bestObserved.map(summary) ?? .null,
      "generations": .array(progress.map(generation)),
      "failures": .array(
        failures.map { .object(["reason": .string($0.reason), "count": JSONValue($0.count)]) }),
      "conclusion": verdict,
      "test_looks": .array(snapshot.testLooks.map(look)),
      "speed": ScoringSpeed(snapshot).map(\.json) ?? .null,
      "racing": RacingSavings(snapshot).map(\.json) ?? .null,
    ])
  }

  private var plan: JSONValue {
    guard let plan = snapshot.search.plan else { return .null }
    return .object([
      "algorithm": .string(plan.algorithm),
      "covariance": JSONValue(plan.covariance),
      "parameters": .array((space?.parameters ?? []).map { .string($0.name) }),
      "population": JSONValue(plan.population),
      "racing": .bool(plan.racing),
    ])
  }

  private func manner(_ manner: Manner) -> JSONValue {
    .object(["precision": .string(manner.precision), "decode": .string(manner.decode)])
  }

  /// A candidate with its scores on every split that it was scored on.
  func summary(_ candidate: Candidate) -> JSONValue {
    .object([
      "id": JSONValue(candidate.id),
      "kind": .string(candidate.kind.rawValue),
      "name": JSONValue(candidate.name),
      "status": .string(statusName(candidate.status)),
      "reason": reason(candidate.status),
      "scores": .object(
        BenchmarkSplit.allCases.compactMap { split in
          figure(candidate.id, split).map { JSONValue.Member(split.rawValue, json($0)) }
        }),
    ])
  }

  func statusName(_ status: Candidate.Status) -> String {
    switch status {
    case .pending: "pending"
    case .scored: "scored"
    case .stopped: "stopped"
    case .failed: "failed"
    case .dropped: "dropped"
    }
  }

  private func reason(_ status: Candidate.Status) -> JSONValue {
    if case .failed(let reason) = status { .string(reason) } else { .null }
  }

  private func json(_ figure: Figure) -> JSONValue {
    .object([
      "score": JSONValue(finite: figure.value),
      "standard_error": JSONValue(figure.standardError),
      "by_mask_seed": .array(figure.bySeed.map { JSONValue(finite: $0) }),
      "tasks": .array(
        figure.tasks.map { task in
          .object([
            "task": .string(task.task),
            "metric": .string(task.metric),
            "value": JSONValue(finite: task.value),
            "standard_error": JSONValue(task.standardError),
            "items": JSONValue(task.count),
            "decoded": JSONValue(task.decoded),
            "changed": JSONValue(task.changed),
          ])
        }),
    ])
  }

  private func generation(_ figures: GenerationFigures) -> JSONValue {
    .object([
      "run": JSONValue(figures.generation.run),
      "generation": JSONValue(figures.generation.number),
      "outcome": .string(figures.generation.outcome.rawValue),
      "candidates": JSONValue(figures.candidates),
      "scored": JSONValue(figures.scored),
      "failed": JSONValue(figures.failed),
      "stopped": JSONValue(figures.stopped),
      "best": JSONValue(figures.best),
      "mean": JSONValue(figures.mean),
      "best_so_far": JSONValue(figures.bestSoFar),
    ])
  }

  private var verdict: JSONValue {
    guard let conclusion else { return .null }
    return .object([
      "round": JSONValue(conclusion.round),
      "winner": winner.map(summary) ?? .null,
      "best_parent": JSONValue(conclusion.bestParent),
      "best_simple": JSONValue(conclusion.bestSimple),
      "comparisons": .array(
        conclusion.comparisons.map { comparison in
          .object([
            "opponent": JSONValue(comparison.opponent),
            "name": .string(name(comparison.opponent)),
            "role": .string(comparison.role.rawValue),
            "split": .string(comparison.split.rawValue),
            "gain": JSONValue(finite: comparison.gain),
            "low": JSONValue(finite: comparison.low),
            "high": JSONValue(finite: comparison.high),
            "level": JSONValue(finite: comparison.level),
            "words": .string(comparison.words),
          ])
        }),
      "finalists": .array(
        snapshot.finalists.map { finalist in
          .object([
            "candidate": candidate(finalist.candidate).map(summary)
              ?? JSONValue(finalist.candidate),
            "origin": .string(finalist.origin),
          ])
        }),
    ])
  }

  private func look(_ look: TestLook) -> JSONValue {
    .object([
      "number": JSONValue(look.number),
      "purpose": .string(look.purpose.rawValue),
      "round": JSONValue(look.round),
      "candidates": .array(look.candidates.map { JSONValue($0) }),
    ])
  }
}

import Diagnostics
import Documents
import PopulationStore
import SearchSpaces
import Tasks

/// A candidate as callers outside of this program see it: one JSON object.
///
/// `{"id": 17, "kind": "search", "parameters": {"x": 0.25, "method": "ties"}, "recipe": "…"}`. `parameters`
/// holds the active ones only; null for models that are no point of the space, which have a `name`. `recipe` is
/// null for raw parameters.
struct CandidateMessage {
  let json: JSONValue

  init(_ candidate: Candidate, in space: SearchSpace) {
    var members: [JSONValue.Member] = [
      .init("id", JSONValue(candidate.id)), .init("kind", .string(candidate.kind.rawValue)),
    ]
    if let name = candidate.name { members.append(.init("name", .string(name))) }
    let parameters = candidate.genome.map { genome in
      JSONValue.object(
        space.assignments(of: genome).filter(\.isActive).map { assignment in
          switch assignment.value {
          case .real(let value): .init(assignment.name, JSONValue(value))
          case .integer(let value): .init(assignment.name, JSONValue(value))
          case .choice(let name): .init(assignment.name, .string(name))
          }
        })
    }
    members.append(.init("parameters", parameters ?? .null))
    members.append(.init("recipe", candidate.recipe.map(JSONValue.string) ?? .null))
    json = .object(members)
  }
}

/// A result that came from outside: a score, the scores of the search's tasks, or the reason of a failure.
enum OutsideResult: Hashable {
  case score(Double)
  case tasks([String: Double])
  case failure(String)

  /// Reads `{"score": 0.5}`, `{"scores": {"task": 0.5}}` or `{"failure": "reason"}`; a bare number is a score.
  ///
  /// - Throws: ``Diagnostic`` that says what is wrong at `location`.
  init(_ value: JSONValue, at location: String) throws(Diagnostic) {
    if case .number = value {
      self = .score(try Self.finite(value, at: location))
      return
    }
    let known = ["id", "score", "scores", "failure"]
    guard let members = value.members else {
      throw Diagnostic(
        "is no JSON object", at: location, fix: "write {\"id\": 17, \"score\": 0.5}")
    }
    if let unknown = members.first(where: { !known.contains($0.key) }) {
      throw unknownName(unknown.key, noun: "key", known: known, at: location)
    }
    let results = members.filter { $0.key != "id" && !$0.value.isNull }
    guard results.count == 1 else {
      throw Diagnostic(
        results.isEmpty ? "holds no result" : "holds several results", at: location,
        fix: "write one of score, scores and failure")
    }
    switch results[0].key {
    case "score": self = .score(try Self.finite(results[0].value, at: "\(location): score"))
    case "failure":
      guard let reason = results[0].value.string, !reason.isEmpty else {
        throw Diagnostic(
          "the reason is no text", at: "\(location): failure", fix: "write the reason as a string")
      }
      self = .failure(reason)
    default:
      guard let members = results[0].value.members, !members.isEmpty else {
        throw Diagnostic(
          "is no JSON object", at: "\(location): scores",
          fix: "write the tasks' names with their scores")
      }
      var scores: [String: Double] = [:]
      for member in members {
        scores[member.key] = try Self.finite(member.value, at: "\(location): scores.\(member.key)")
      }
      self = .tasks(scores)
    }
  }

  private static func finite(_ value: JSONValue, at location: String) throws(Diagnostic) -> Double {
    guard let number = value.double, number.isFinite else {
      throw Diagnostic(
        "\(value.text(.compact)) is no finite number", at: location,
        fix: "write a number; a candidate that cannot be scored is a {\"failure\": \"reason\"}")
    }
    return number
  }

  /// The result of a candidate as a store keeps it, where higher is better.
  ///
  /// - Throws: ``Diagnostic`` for tasks that the search does not have or lacks, and for a single score where
  ///   the optimizer is told one per task.
  func stored(
    for candidate: Candidate, of problem: any SearchProblem, _ search: StoredSearch,
    at location: String
  ) throws(Diagnostic) -> StoredResult {
    let key = search.searchKey(candidate.id, maskSeed: problem.maskSeed(of: candidate))
    switch self {
    case .failure(let reason): return .failure(reason)
    case .score(let score):
      guard problem.objectives == 1 else {
        throw Diagnostic(
          "the search has \(problem.objectives) objectives, but there is one score", at: location,
          fix: "write {\"scores\": {…}} with the scores of all tasks")
      }
      let minimizes = problem.configuration.objective?.minimizes ?? false
      return .evaluation(Self.evaluation(key, minimizes ? -score : score, []))
    case .tasks(let scores):
      let parts = try Self.parts(scores, search.tasks, at: "\(location): scores")
      let utilities = parts.enumerated().map { problem.utility(of: $1.value, inTask: $0) }
      if problem.configuration.aggregate == .worst {
        return .evaluation(Self.evaluation(key, utilities.min() ?? 0, parts))
      }
      let sum = zip(search.tasks, utilities).reduce(0) { $0 + $1.0.weight * $1.1 }
      return .evaluation(
        Self.evaluation(key, sum / search.tasks.reduce(0) { $0 + $1.weight }, parts))
    }
  }

  private static func evaluation(
    _ key: EvaluationKey, _ score: Double, _ tasks: [Evaluation.TaskScore]
  ) -> Evaluation {
    Evaluation(
      key: key, score: score, standardError: nil, requestedTokens: 0, cost: 1, isComplete: true,
      tasks: tasks)
  }

  /// One score per task of the search, in their order.
  private static func parts(
    _ scores: [String: Double], _ tasks: [StoredTask], at location: String
  ) throws(Diagnostic) -> [Evaluation.TaskScore] {
    let names = tasks.map(\.name)
    for name in scores.keys.sorted() where !names.contains(name) {
      throw unknownName(name, noun: "task", known: names, at: location)
    }
    var parts: [Evaluation.TaskScore] = []
    for task in tasks {
      guard let score = scores[task.name] else {
        throw Diagnostic(
          "task '\(task.name)' has no score", at: location,
          fix: "give the scores of all tasks: \(names.joined(separator: ", "))")
      }
      parts.append(
        Evaluation.TaskScore(
          task: task.name, metric: task.metric, value: score, standardError: nil, count: 0))
    }
    return parts
  }
}

/// What is written of a result.
enum StoredResult {
  case evaluation(Evaluation)
  case failure(String)
}

extension Wave {
  /// Adds a result that came from outside.
  mutating func add(_ result: StoredResult, of candidate: Candidate) {
    switch result {
    case .evaluation(let evaluation):
      evaluations.append(evaluation)
      if candidate.status == .pending { statuses[candidate.id] = .scored }
    case .failure(let reason): statuses[candidate.id] = .failed(reason)
    }
  }
}

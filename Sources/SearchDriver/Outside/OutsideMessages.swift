import Diagnostics
import Documents
import PopulationStore
import SearchSpaces

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

  /// The result as a store keeps it, where higher is better.
  ///
  /// - Throws: ``Diagnostic`` for tasks that the search does not have, or lacks.
  func stored(
    _ key: EvaluationKey, tasks: [StoredTask], minimizes: Bool, at location: String
  ) throws(Diagnostic) -> StoredResult {
    switch self {
    case .failure(let reason): return .failure(reason)
    case .score(let score):
      return .evaluation(
        Evaluation(
          key: key, score: minimizes ? -score : score, standardError: nil, requestedTokens: 0,
          cost: 1, isComplete: true, tasks: []))
    case .tasks(let scores):
      let names = tasks.map(\.name)
      for name in scores.keys.sorted() where !names.contains(name) {
        throw unknownName(name, noun: "task", known: names, at: "\(location): scores")
      }
      var sum = 0.0
      var parts: [Evaluation.TaskScore] = []
      for task in tasks {
        guard let score = scores[task.name] else {
          throw Diagnostic(
            "task '\(task.name)' has no score", at: "\(location): scores",
            fix: "give the scores of all tasks: \(names.joined(separator: ", "))")
        }
        sum += task.weight * score
        parts.append(
          Evaluation.TaskScore(
            task: task.name, metric: task.metric, value: score, standardError: nil, count: 0))
      }
      return .evaluation(
        Evaluation(
          key: key, score: sum / tasks.reduce(0) { $0 + $1.weight }, standardError: nil,
          requestedTokens: 0, cost: 1, isComplete: true, tasks: parts))
    }
  }
}

/// What is written of a result.
enum StoredResult {
  case evaluation(Evaluation)
  case failure(String)
}

import Diagnostics
public import Documents
import Foundation
public import PopulationStore
import SearchSpaces

/// One candidate in full: where it came from, its parameters, its scores, its recipe.
public struct CandidateReport: Sendable {
  private let report: SearchReport
  private let candidate: Candidate

  public init(_ candidate: Candidate, in report: SearchReport) {
    self.report = report
    self.candidate = candidate
  }

  public var text: String {
    var lines = ["candidate \(candidate.id), \(candidate.kind.rawValue): \(status)"]
    if let name = candidate.name { lines.append("name: \(name)") }
    if let proposal = candidate.proposal {
      lines.append(
        "proposed in generation \(proposal.generation), number \(proposal.index)"
          + (proposal.run > 0 ? ", run \(proposal.run)" : ""))
    }
    if let original = candidate.duplicateOf {
      lines.append("the same merge as candidate \(original), whose results it shares")
    }
    for assignment in assignments where assignment.isActive {
      lines.append("  \(assignment.name) = \(assignment.value)")
    }
    var table = TextTable(
      header: ["split", "precision", "decode", "mask seed", "score", "items"], wordColumns: 3)
    for evaluation in evaluations {
      table.rows.append([
        evaluation.key.split.rawValue, evaluation.key.precision, evaluation.key.decode,
        "\(evaluation.key.maskSeed)",
        fixed(evaluation.score, 4) + (evaluation.standardError.map { " ±" + fixed($0, 4) } ?? ""),
        evaluation.isComplete ? "all" : "some",
      ])
    }
    var sections = [lines.joined(separator: "\n")]
    if !table.rows.isEmpty { sections.append(table.lines.joined(separator: "\n")) }
    if let recipe = candidate.recipe {
      sections.append(recipe.trimmingCharacters(in: .newlines))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private var status: String {
    switch candidate.status {
    case .pending: "waiting to be scored"
    case .scored: "scored"
    case .stopped(let block, let difference):
      "raced out after block \(block), behind by \(fixed(abs(difference), 4))"
    case .failed(let reason): "failed: \(reason)"
    case .dropped: "given up without a result"
    }
  }

  private var assignments: [Assignment] {
    guard let genome = candidate.genome, let space = report.space,
      (try? space.validate(genome, at: "")) != nil
    else { return [] }
    return space.assignments(of: genome)
  }

  private var evaluations: [Evaluation] {
    report.snapshot.evaluations.filter { $0.key.candidate == candidate.id }
  }

  public var json: JSONValue {
    guard case .object(var members) = report.summary(candidate) else { return .null }
    members.append(.init("proposal", proposal))
    members.append(.init("duplicate_of", JSONValue(candidate.duplicateOf)))
    members.append(
      .init(
        "parameters",
        .array(
          assignments.map { assignment in
            .object([
              "name": .string(assignment.name),
              "value": Self.json(assignment.value),
              "active": .bool(assignment.isActive),
            ])
          })))
    members.append(.init("evaluations", .array(evaluations.map(Self.json))))
    members.append(.init("recipe", JSONValue(candidate.recipe)))
    return .object(members)
  }

  private var proposal: JSONValue {
    guard let proposal = candidate.proposal else { return .null }
    return .object([
      "run": JSONValue(proposal.run), "generation": JSONValue(proposal.generation),
      "index": JSONValue(proposal.index),
    ])
  }

  private static func json(_ value: ParameterValue) -> JSONValue {
    switch value {
    case .real(let real): JSONValue(finite: real)
    case .integer(let integer): JSONValue(integer)
    case .choice(let name): .string(name)
    }
  }

  private static func json(_ evaluation: Evaluation) -> JSONValue {
    .object([
      "split": .string(evaluation.key.split.rawValue),
      "precision": .string(evaluation.key.precision),
      "decode": .string(evaluation.key.decode),
      "mask_seed": .number("\(evaluation.key.maskSeed)"),
      "score": JSONValue(finite: evaluation.score),
      "standard_error": JSONValue(evaluation.standardError),
      "complete": .bool(evaluation.isComplete),
    ])
  }
}

public import Documents
public import Tasks

extension ItemResult {
  /// The item as one line of a samples file.
  public func document(task: String) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("task", .string(task)), .init("id", .string(itemID)),
      .init(
        "values",
        .object(
          values.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { .init($0.key.rawValue, $0.value.document) })),
    ]
    switch detail {
    case .choices(let choices, let predicted):
      members.append(.init("predicted", JSONValue(predicted)))
      members.append(.init("choices", .array(choices.map(\.document))))
    case .continuation(let scored):
      members.append(.init("continuation", scored.document))
    case .text(let scored):
      members.append(.init("nats", .finite(scored.nats)))
      members.append(.init("tokens", JSONValue(scored.tokenCount)))
    case .generation(let text, let evidence):
      members.append(.init("text", text.map(JSONValue.string) ?? .null))
      members.append(.init("evidence", .string("\(evidence)")))
    }
    return .object(members)
  }
}

extension ScoredText {
  fileprivate var document: JSONValue {
    .object([
      .init("nats", .finite(nats)), .init("tokens", JSONValue(tokenCount)),
      .init("greedy", .bool(isGreedy)),
    ])
  }
}

extension ItemValue {
  fileprivate var document: JSONValue {
    switch self {
    case .value(let value): .finite(value)
    case .ratio(let numerator, let denominator):
      .object([
        .init("numerator", .finite(numerator)), .init("denominator", .finite(denominator)),
      ])
    }
  }
}

extension Score {
  /// `{"value", "standard_error", "items"}`; null for what is not finite or not known.
  public var document: JSONValue {
    .object([
      .init("value", .finite(value)),
      .init("standard_error", standardError.map(JSONValue.finite) ?? .null),
      .init("items", JSONValue(count)),
    ])
  }
}

extension TaskResult {
  /// The task's scores and counts, without its items.
  public var document: JSONValue {
    .object([
      .init("task", .string(task)),
      .init("objective", .string(objective.name.rawValue)),
      .init(
        "scores",
        .object(
          metrics.map { metric in
            .init(metric.name.rawValue, (scores[metric.name] ?? score).document)
          })),
      .init("truncated_items", JSONValue(truncatedItems)),
      .init("decoded_items", JSONValue(decodedItems)),
      .init("forced_differences", JSONValue(forcedDifferences)),
      .init("cut_off_items", JSONValue(cutOffItems)),
      .init("unparsable_items", JSONValue(unparsableItems)),
    ])
  }
}

extension ModelEvaluation {
  /// The scores of all tasks; with a headline where there are several of one direction.
  public var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("tasks", .array(tasks.map(\.document)))
    ]
    if let mean { members.append(.init("mean", mean.document)) }
    members.append(.init("requested_tokens", JSONValue(requestedTokens)))
    members.append(.init("computed_tokens", JSONValue(computedTokens)))
    return members
  }

  /// The mean of the tasks' objectives, where there are several whose figures point in one direction.
  public var mean: Score? {
    guard tasks.count > 1, let first = tasks.first,
      tasks.allSatisfy({ $0.objective.higherIsBetter == first.objective.higherIsBetter })
    else { return nil }
    var mean = headline(weights: Array(repeating: 1, count: tasks.count))
    mean.value = first.objective.utility(mean.value)
    return mean
  }

  /// The scores as a table for people: one line per task and metric.
  public var table: String {
    var rows = [["task", "metric", "score", "± error", "items"]]
    for task in tasks {
      for metric in task.metrics {
        rows.append(
          [task.task, metric.name.rawValue] + figures(task.scores[metric.name] ?? task.score))
      }
    }
    if let mean { rows.append(["mean of \(tasks.count) tasks", ""] + figures(mean)) }
    let widths = rows[0].indices.map { column in
      rows.map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(
          repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        line += column < 2 ? cell + padding + "  " : padding + cell + "  "
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }

  private func figures(_ score: Score) -> [String] {
    [fourDecimals(score.value), score.standardError.map(fourDecimals) ?? "-", "\(score.count)"]
  }

  private func fourDecimals(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    let scaled = (value * 10_000).rounded()
    let whole = Int(scaled.magnitude) / 10_000
    let rest = String(Int(scaled.magnitude) % 10_000)
    return (scaled < 0 ? "-" : "") + "\(whole)."
      + String(repeating: "0", count: 4 - rest.count) + rest
  }
}

extension JSONValue {
  /// A number, or null for an infinity or NaN, which JSON does not have.
  static func finite(_ value: Double) -> JSONValue {
    value.isFinite ? JSONValue(value) : .null
  }
}

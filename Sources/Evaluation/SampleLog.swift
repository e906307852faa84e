public import Documents
import Tasks
import Templates

/// The results of a task's items as `lm_eval --log_samples` writes them, one object per item and filter.
///
/// Beside lm-eval's keys every object has `task`, `id` (which pairs items across models) and, for scored texts,
/// `tokens`; for generated ones `evidence`.
public enum SampleLog {
  /// - Precondition: `result` is that of `task`.
  public static func records(of task: PreparedTask, _ result: TaskResult) -> [JSONValue] {
    precondition(task.items.count == result.items.count, "results of another task")
    var records: [JSONValue] = []
    for (position, filter) in task.task.filters.enumerated() {
      for (index, (item, outcome)) in zip(task.items, result.items).enumerated() {
        let responses = Responses(outcome.detail)
        var members: [JSONValue.Member] = [
          .init("task", .string(result.task)), .init("id", .string(item.id)),
          .init("doc_id", JSONValue(index)), .init("doc", item.columns),
          .init("target", .string(item.target)), .init("arguments", arguments(of: item)),
          .init(
            "resps",
            .array(
              responses.values.map { .array(Array(repeating: $0, count: task.task.repeats)) })),
          .init(
            "filtered_resps",
            .array(filtered(responses, item, outcome.detail, filter: position))),
          .init("filter", .string(filter.name)),
          .init("metrics", .array(filter.metrics.map { .string($0.name.rawValue) })),
          .init("doc_hash", .string(SHA256.digest(PythonText.indentedJSON(item.columns)))),
          .init("prompt_hash", .string(SHA256.digest(prompt(of: item)))),
          .init("target_hash", .string(SHA256.digest(item.target))),
        ]
        members += responses.details
        for metric in filter.metrics {
          let value =
            outcome.values[metric.key]
            ?? (metric.name == "exact_match" ? outcome.values["exact_match_forced"] : nil)
          if let value { members.append(.init(metric.name.rawValue, document(value))) }
        }
        records.append(.object(members))
      }
    }
    return records
  }

  private static func document(_ value: ItemValue) -> JSONValue {
    switch value {
    case .value(let value): .finite(value)
    case .ratio(let numerator, let denominator):
      .array([.finite(numerator), .finite(denominator)])
    }
  }

  private static func filtered(
    _ responses: Responses, _ item: TaskItem, _ detail: ItemDetail, filter: Int
  ) -> [JSONValue] {
    guard case .generation(let text?, _) = detail else { return responses.values }
    let answers = item.answers([.generation(text: text)])
    return answers.indices.contains(filter) ? [.string(answers[filter])] : responses.values
  }

  // MARK: Requests

  private static func prompt(of item: TaskItem) -> String {
    switch item.requests.first {
    case .logLikelihood(let context, _)?: context
    case .rolling(let text)?: text
    case .generation(let context, _, _, _)?: context
    case nil: ""
    }
  }

  private static func arguments(of item: TaskItem) -> JSONValue {
    .object(
      item.requests.enumerated().map { index, request in
        let values: [JSONValue] =
          switch request {
          case .logLikelihood(let context, let continuation):
            [.string(context), .string(continuation)]
          case .rolling(let text): [.string(text)]
          case .generation(let context, let stops, let limit, _):
            [
              .string(context),
              .object([
                .init("until", .array(stops.map(JSONValue.string))),
                .init("do_sample", .bool(false)),
                .init("max_gen_toks", JSONValue(limit)),
              ]),
            ]
          }
        return .init(
          "gen_args_\(index)",
          .object(values.enumerated().map { .init("arg_\($0)", $1) }))
      })
  }

  // MARK: Responses

  /// An item's responses, as lm-eval writes them: every number is a text.
  private struct Responses {
    let values: [JSONValue]
    let details: [JSONValue.Member]

    init(_ detail: ItemDetail) {
      switch detail {
      case .choices(let choices, _):
        values = choices.map(Self.pair)
        details = [.init("tokens", .array(choices.map { JSONValue($0.tokenCount) }))]
      case .continuation(let scored):
        values = [Self.pair(scored)]
        details = [.init("tokens", .array([JSONValue(scored.tokenCount)]))]
      case .text(let scored):
        values = [.string(PythonText.string(.finite(scored.nats)))]
        details = [.init("tokens", .array([JSONValue(scored.tokenCount)]))]
      case .generation(let text, let evidence):
        values = [text.map(JSONValue.string) ?? .null]
        details = [.init("evidence", .string("\(evidence)"))]
      }
    }

    private static func pair(_ scored: ScoredText) -> JSONValue {
      .array([
        .string(PythonText.string(.finite(scored.nats))),
        .string(scored.isGreedy ? "True" : "False"),
      ])
    }
  }
}

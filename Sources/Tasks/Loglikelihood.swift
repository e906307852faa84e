import Diagnostics

/// How probable one continuation is; the target carries its own leading space.
struct Loglikelihood: TaskKind {
  struct Item: Sendable {
    let context: String
    let target: String
  }

  static let declaration = TaskKindDeclaration(
    name: "loglikelihood",
    outputType: "loglikelihood",
    metrics: [Metric("perplexity", .perplexity, higherIsBetter: false), Metric("acc")],
    standardMetrics: ["perplexity", "acc"])

  private let prompt: Prompt
  private let target: FieldSource
  private let metrics: [MetricName]

  init(_ file: TaskFile, columns: [String], prompts: PromptSource) throws(Diagnostic) {
    prompt = try Prompt(file, columns: columns, prompts: prompts, hasChoices: false)
    target = try file.answer.source(columns: columns)
    metrics = file.metrics.map(\.name)
  }

  func item(from row: TaskRow) throws(Diagnostic) -> Item {
    let target = try target.text(in: row)
    guard !target.isEmpty else {
      throw Diagnostic("the answer is empty", at: row.location, fix: "write the text to be scored")
    }
    return Item(context: try prompt.context(for: row), target: target)
  }

  func target(of row: TaskRow) throws(Diagnostic) -> String { try target.text(in: row) }

  func requests(for item: Item) -> [ModelRequest] {
    [.logLikelihood(context: item.context, continuation: item.target)]
  }

  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    guard case .logLikelihood(let nats, _, let isGreedy)? = responses.first else {
      preconditionFailure("loglikelihood asked for a log-likelihood, not \(responses)")
    }
    var values: [MetricName: ItemValue] = [:]
    for metric in metrics {
      values[metric] = .value(metric == "acc" ? (isGreedy ? 1 : 0) : nats)
    }
    return values
  }
}

import Diagnostics
import Randomness
import Templates

/// Which of several continuations is the most probable one.
struct MultipleChoice: TaskKind {
  struct Item: Sendable {
    let context: String
    let choices: [String]
    let answer: ChoiceAnswer
  }

  static let declaration = TaskKindDeclaration(
    name: "multiple_choice",
    outputType: "multiple_choice",
    metrics: [
      Metric("acc"), Metric("acc_norm"), Metric("acc_bytes"), Metric("exact_match"),
      Metric("choice_logprob"), Metric("gold_prob"), Metric("gold_prob_norm"), Metric("margin"),
      Metric("brier_score", higherIsBetter: false),
    ],
    standardMetrics: ["acc", "acc_norm"],
    choicesColumn: "choices",
    unsupportedMetrics: ["acc_mutual_info", "f1", "mcc"])

  private let prompt: Prompt
  private let choices: FieldSource
  private let answer: FieldSource
  private let delimiter: String
  private let metrics: [MetricName]

  init(_ file: TaskFile, columns: [String], shots: FewShotExamples?) throws(Diagnostic) {
    prompt = try Prompt(file, columns: columns, shots: shots, hasChoices: true)
    guard let field = file.choices else {
      preconditionFailure("\(file.name): a multiple_choice task has choices")
    }
    choices = try field.source(columns: columns)
    answer = try file.answer.source(columns: columns)
    delimiter = file.delimiter
    metrics = file.metrics.map(\.name)
  }

  func item(from row: TaskRow) throws(Diagnostic) -> Item {
    let texts = try choices.texts(in: row, noun: "choices")
    let answer = try ChoiceAnswer(
      try self.answer.typedValue(in: row), isRendered: self.answer.isTemplate, choices: texts,
      row: row)
    return Item(context: try prompt.context(for: row), choices: texts, answer: answer)
  }

  func requests(for item: Item) -> [ModelRequest] {
    item.choices.map {
      .logLikelihood(context: item.context, continuation: delimiter + $0)
    }
  }

  func prediction(_ item: Item, _ responses: [ModelResponse]) -> Int? {
    firstMaximum(logLikelihoods(responses))
  }

  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    let nats = logLikelihoods(responses)
    var values: [MetricName: ItemValue] = [:]
    for metric in metrics { values[metric] = .value(value(of: metric, item, nats, responses)) }
    return values
  }

  private func value(
    of metric: MetricName, _ item: Item, _ nats: [Double], _ responses: [ModelResponse]
  ) -> Double {
    switch metric {
    case "acc_norm": hit(item, zip(nats, item.choices).map { perUnit($0, $1.unicodeScalars.count) })
    case "acc_bytes": hit(item, zip(nats, item.choices).map { perUnit($0, $1.utf8.count) })
    case "exact_match": item.answer.indices.contains { isGreedy(responses[$0]) } ? 1 : 0
    case "choice_logprob": logProbability(item, nats)
    case "gold_prob": Deterministic.exp(logProbability(item, nats))
    case "gold_prob_norm":
      Deterministic.exp(
        logProbability(
          item, zip(nats, item.choices).map { perUnit($0, $1.unicodeScalars.count) }))
    case "margin": margin(item, nats)
    case "brier_score": brierScore(item, nats)
    default: hit(item, nats)
    }
  }

  private func hit(_ item: Item, _ scores: [Double]) -> Double {
    item.answer.indices.contains(firstMaximum(scores)) ? 1 : 0
  }

  /// log of the share that the right choices have of the probability of all: log softmax(ℓ), summed over them.
  private func logProbability(_ item: Item, _ nats: [Double]) -> Double {
    logSumExp(Set(item.answer.indices).sorted().map { nats[$0] }) - logSumExp(nats)
  }

  /// Nats between the best right and the best wrong choice; 0 where there is no wrong one.
  private func margin(_ item: Item, _ nats: [Double]) -> Double {
    let right = Set(item.answer.indices)
    let best = right.map { nats[$0] }.max() ?? 0
    let rival = nats.indices.filter { !right.contains($0) }.map { nats[$0] }.max()
    return rival.map { best - $0 } ?? 0
  }

  private func brierScore(_ item: Item, _ nats: [Double]) -> Double {
    let total = logSumExp(nats)
    return nats.enumerated().reduce(0) { sum, choice in
      let truth = item.answer.indices.contains(choice.offset) ? 1.0 : 0.0
      let difference = Deterministic.exp(choice.element - total) - truth
      return sum + difference * difference
    }
  }

  /// A choice without text can not be chosen per unit of length.
  private func perUnit(_ nats: Double, _ length: Int) -> Double {
    length > 0 ? nats / Double(length) : -.infinity
  }

  private func logLikelihoods(_ responses: [ModelResponse]) -> [Double] {
    responses.map { response in
      guard case .logLikelihood(let nats, _, _) = response else {
        preconditionFailure("multiple_choice asked for log-likelihoods, not \(response)")
      }
      return nats
    }
  }

  private func isGreedy(_ response: ModelResponse) -> Bool {
    if case .logLikelihood(_, _, let isGreedy) = response { isGreedy } else { false }
  }
}

/// The index of the largest value; the first of equals.
func firstMaximum(_ values: [Double]) -> Int {
  var best = 0
  for (index, value) in values.enumerated() where value > values[best] { best = index }
  return best
}

/// log Σ exp(values), −∞ if all are.
func logSumExp(_ values: [Double]) -> Double {
  guard let maximum = values.max(), maximum > -.infinity else { return -.infinity }
  return maximum + Deterministic.log(values.reduce(0) { $0 + Deterministic.exp($1 - maximum) })
}

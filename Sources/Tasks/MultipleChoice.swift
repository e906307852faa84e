import Diagnostics
import Documents
import Randomness
import Templates

/// Which of several continuations is the most probable one.
struct MultipleChoice: TaskKind {
  struct Item: Sendable {
    /// One, or one per choice where the choices are the questions.
    let contexts: [String]
    let choices: [String]
    /// What follows each context.
    let continuations: [String]
    let answer: ChoiceAnswer
  }

  static let declaration = TaskKindDeclaration(
    name: "multiple_choice",
    outputType: "multiple_choice",
    metrics: [
      Metric("acc"), Metric("acc_norm"), Metric("acc_bytes"), Metric("acc_mutual_info"),
      Metric("exact_match"), Metric("f1", .f1),
      Metric("choice_logprob"), Metric("gold_prob"), Metric("gold_prob_norm"), Metric("margin"),
      Metric("soft_acc"),
      Metric("brier_score", higherIsBetter: false),
    ],
    standardMetrics: ["acc", "acc_norm"],
    choicesColumn: "choices",
    unsupportedMetrics: ["mcc", "likelihood"])

  private let prompt: Prompt
  private let choices: FieldSource
  private let answer: FieldSource
  private let metrics: [MetricSetting]

  init(_ file: TaskFile, columns: [String], prompts: PromptSource) throws(Diagnostic) {
    prompt = try Prompt(file, columns: columns, prompts: prompts, hasChoices: true)
    guard let field = file.choices else {
      preconditionFailure("\(file.name): a multiple_choice task has choices")
    }
    choices = try field.source(columns: columns)
    answer = try file.answer.source(columns: columns)
    metrics = file.metrics
  }

  func item(from row: TaskRow) throws(Diagnostic) -> Item {
    let texts = try choices.texts(in: row, noun: "choices")
    if texts.count != 2, metrics.contains(where: { $0.name == "f1" }) {
      throw Diagnostic(
        "f1 is defined for two choices, but there are \(texts.count)", at: row.location,
        fix: "use acc, or another metric")
    }
    if case .choices(let index) = try prompt.question(of: row) {
      let continuation = prompt.choiceDelimiter + (try answer.text(in: row))
      let gold = try ChoiceAnswer(
        .number(String(index)), isRendered: true, choices: texts, row: row)
      return Item(
        contexts: try prompt.contexts(asking: texts, for: row), choices: texts,
        continuations: texts.map { _ in continuation }, answer: gold)
    }
    let answer = try ChoiceAnswer(
      try self.answer.typedValue(in: row), isRendered: self.answer.isTemplate, choices: texts,
      row: row)
    return Item(
      contexts: [try prompt.context(for: row)], choices: texts,
      continuations: texts.map { prompt.choiceDelimiter + $0 }, answer: answer)
  }

  func target(of row: TaskRow) throws(Diagnostic) -> String {
    PythonText.string(try answer.typedValue(in: row))
  }

  func requests(for item: Item) -> [ModelRequest] {
    let conditional = item.continuations.enumerated().map { index, continuation in
      ModelRequest.logLikelihood(
        context: item.contexts[item.contexts.count == 1 ? 0 : index], continuation: continuation)
    }
    guard asksUnconditionally else { return conditional }
    return conditional
      + item.choices.map {
        .logLikelihood(context: "", continuation: prompt.choiceDelimiter + $0)
      }
  }

  /// Whether every choice is also scored without a context.
  private var asksUnconditionally: Bool { metrics.contains { $0.name == "acc_mutual_info" } }

  func prediction(_ item: Item, _ responses: [ModelResponse]) -> Int? {
    firstMaximum(Array(logLikelihoods(responses).prefix(item.choices.count)))
  }

  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    let all = logLikelihoods(responses)
    let nats = Array(all.prefix(item.choices.count))
    var values: [MetricName: ItemValue] = [:]
    for metric in metrics {
      values[metric.key] =
        switch metric.name {
        case "f1": counts(item, nats)
        case "acc_mutual_info":
          .value(hit(item, zip(nats, all.dropFirst(item.choices.count)).map { $0 - $1 }))
        default: .value(value(of: metric.name, item, nats, responses))
        }
    }
    return values
  }

  /// 2·TP over 2·TP + FP + FN, the second choice being the positive one.
  private func counts(_ item: Item, _ nats: [Double]) -> ItemValue {
    let isPredicted = firstMaximum(nats) == 1
    let isRight = item.answer.indices.contains(1)
    return .ratio(
      numerator: isPredicted && isRight ? 2 : 0,
      denominator: (isPredicted ? 1 : 0) + (isRight ? 1 : 0))
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
    case "soft_acc": 1 / (1 + Deterministic.exp(-margin(item, nats)))
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

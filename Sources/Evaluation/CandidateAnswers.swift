import Inference
import Tasks

/// What one candidate answers to everything that it is asked.
struct CandidateAnswers: Sendable {
  /// A text that only decoding can tell.
  struct OpenText: Sendable {
    let prompt: [Int]
    /// What greedy decoding certainly begins with.
    let begun: [Int]
    /// log p of the least probable token of the expected text; nil without a draft.
    let weakest: Double?
    let rule: StopRule
  }

  private enum Answer: Sendable {
    case known(ModelResponse, GenerationEvidence?, isCutOff: Bool = false)
    /// Position among the open texts.
    case open(Int)
  }

  private let prepared: PreparedEvaluation
  private let probes: [ProbeResult]
  /// By task, item and request.
  private var answers: [[[Answer]]] = []
  private(set) var openTexts: [OpenText] = []
  private var closedTexts: [(text: String, isCutOff: Bool)] = []

  /// Answers what the forest's probes tell.
  init(_ prepared: PreparedEvaluation, probes: [ProbeResult]) {
    self.prepared = prepared
    self.probes = probes
    for task in prepared.tasks {
      var items: [[Answer]] = []
      for requests in task.requests {
        var item: [Answer] = []
        for request in requests { item.append(answer(request, decoding: task.decoding)) }
        items.append(item)
      }
      answers.append(items)
    }
  }

  private mutating func answer(_ request: PreparedRequest, decoding: DecodeMode) -> Answer {
    switch request {
    case .logLikelihood(let ids):
      let isGreedy = ids.allSatisfy { probes[$0].isArgmax }
      return .known(
        .logLikelihood(nats: nats(ids), tokens: ids.count, isGreedy: isGreedy), nil)
    case .rolling(let ids):
      return .known(.rolling(nats: nats(ids), tokens: ids.count), nil)
    case .generation(let prompt, let rule, let draft):
      var begun: [Int] = []
      var isComplete = false
      let weakest = draft.map(weakestToken)
      if let draft, decoding != .always {
        (begun, isComplete) = draft.draft.follow(rule) { branch, position in
          probes[draft.probes[branch][position]].best
        }
      }
      if decoding == .never {
        return .known(
          .forced(text: isComplete ? rule.text(of: begun) : nil, weakest: weakest),
          isComplete ? .proved : .open)
      }
      if isComplete {
        return .known(
          .generation(text: rule.text(of: begun), weakest: weakest), .proved,
          isCutOff: rule.isCutOff(begun))
      }
      openTexts.append(OpenText(prompt: prompt, begun: begun, weakest: weakest, rule: rule))
      return .open(openTexts.count - 1)
    }
  }

  /// log p of the least probable token on the way to the ending that suits the model best.
  private func weakestToken(_ draft: PreparedDraft) -> Double {
    let weakest = draft.probes.map { branch in
      branch.reduce(0) { min($0, probes[$1].logProbability) }
    }
    return weakest.max() ?? -.infinity
  }

  /// Summed in the order of the tokens.
  private func nats(_ ids: [Int]) -> Double {
    ids.reduce(0) { $0 + probes[$1].logProbability }
  }

  /// Takes the tokens of every open text, those with which it had begun included.
  mutating func close(with tokens: [[Int]]) {
    precondition(tokens.count == openTexts.count, "\(tokens.count) != \(openTexts.count)")
    closedTexts = zip(openTexts, tokens).map { ($0.rule.text(of: $1), $0.rule.isCutOff($1)) }
  }

  /// - Precondition: No text is open.
  func taskResults() -> [TaskResult] {
    precondition(closedTexts.count == openTexts.count, "\(openTexts.count) texts are open")
    return zip(prepared.tasks, answers).map(result)
  }

  private func result(of task: PreparedTask, _ answers: [[Answer]]) -> TaskResult {
    var items: [ItemResult] = []
    var decodedItems = 0
    var forcedDifferences = 0
    var cutOffItems = 0
    var unparsableItems = 0
    for (item, answers) in zip(task.items, answers) {
      let responses = answers.map(response)
      let values = item.measure(responses)
      items.append(
        ItemResult(
          itemID: item.id, values: values, detail: detail(item, answers, responses)))
      if answers.contains(where: isCutOff) { cutOffItems += 1 }
      if item.isUnparsable(responses) { unparsableItems += 1 }
      guard answers.contains(where: { if case .open = $0 { true } else { false } }) else {
        continue
      }
      decodedItems += 1
      // What the pass alone leaves open it would have scored 0.
      if task.decoding == .unproved, values["exact_match"].map({ $0.numerator != 0 }) ?? false {
        forcedDifferences += 1
      }
    }
    return TaskResult(
      task: task.task, decoding: task.decoding, objective: task.objective, items: items,
      itemWeights: task.items.map(\.weight), clusters: clusters(of: task.items),
      truncatedItems: task.truncatedItems, decodedItems: decodedItems,
      forcedDifferences: forcedDifferences, cutOffItems: cutOffItems,
      unparsableItems: unparsableItems)
  }

  private func clusters(of items: [TaskItem]) -> [String]? {
    let clusters = items.compactMap(\.cluster)
    return clusters.count == items.count && !clusters.isEmpty ? clusters : nil
  }

  private func response(to answer: Answer) -> ModelResponse {
    switch answer {
    case .known(let response, _, _): response
    case .open(let position):
      .generation(text: closedTexts[position].text, weakest: openTexts[position].weakest)
    }
  }

  private func isCutOff(_ answer: Answer) -> Bool {
    switch answer {
    case .known(_, _, let isCutOff): isCutOff
    case .open(let position): closedTexts[position].isCutOff
    }
  }

  private func detail(
    _ item: TaskItem, _ answers: [Answer], _ responses: [ModelResponse]
  ) -> ItemDetail {
    let scored = responses.compactMap { response -> ScoredText? in
      guard case .logLikelihood(let nats, let tokens, let isGreedy) = response else { return nil }
      return ScoredText(nats: nats, tokenCount: tokens, isGreedy: isGreedy)
    }
    if let predicted = item.prediction(responses) { return .choices(scored, predicted: predicted) }
    switch responses[0] {
    case .logLikelihood: return .continuation(scored[0])
    case .rolling(let nats, let tokens):
      return .text(ScoredText(nats: nats, tokenCount: tokens, isGreedy: false))
    case .generation(let text, _):
      return .generation(text: text, evidence: evidence(answers[0]))
    case .forced(let text, _):
      return .generation(text: text, evidence: evidence(answers[0]))
    }
  }

  private func evidence(_ answer: Answer) -> GenerationEvidence {
    if case .known(_, let evidence?, _) = answer { evidence } else { .decoded }
  }
}

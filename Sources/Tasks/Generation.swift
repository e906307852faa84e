import Diagnostics
import Documents
import Randomness
import Templates

/// What a model writes, compared with what it should have written.
struct Generation: TaskKind {
  struct Item: Sendable {
    let context: String
    /// Never empty; a hit is a text that equals any of them.
    let references: [String]
    /// Of the column `choices`, where a filter looks for them.
    let choices: [String]
  }

  static let declaration = TaskKindDeclaration(
    name: "generate",
    outputType: "generate_until",
    metrics: [
      Metric("exact_match"), Metric("f1"), Metric("soft_exact_match"), Metric("margin"),
    ],
    standardMetrics: ["exact_match"],
    unsupportedMetrics: [
      "acc", "bleu", "chrf", "ter", "rouge", "rouge1", "rouge2", "rougeL", "mcc", "bypass",
    ])

  /// Metrics that a teacher-forced pass tells without any text, of the least probable token of the expected text
  /// and its end: `soft_exact_match` is its probability p, in 0...1, above 1/2 only where the text is a hit;
  /// `margin` is log(p / (1 − p)), in nats and within ±``largestMargin``.
  static let forcedMetrics: Set<MetricName> = ["soft_exact_match", "margin"]

  /// Where 1 − p is lost in double precision.
  static let largestMargin = 36.0

  /// What `exact_match` is called where nothing is decoded.
  static let forcedExactMatch = Metric("exact_match_forced")

  private let prompt: Prompt
  private let answer: FieldSource
  private let choices: FieldSource?
  private let delimiter: String
  private let stops: [String]
  private let limit: Int
  private let filters: [AnswerFilter]
  private let stripsReferences: Bool
  private let metrics: [MetricSetting]

  init(_ file: TaskFile, columns: [String], prompts: PromptSource) throws(Diagnostic) {
    prompt = try Prompt(file, columns: columns, prompts: prompts, hasChoices: file.choices != nil)
    answer = try file.answer.source(columns: columns)
    choices = try file.choices?.source(columns: columns)
    delimiter = file.delimiter
    stops = file.stops
    limit = file.tokenLimit
    filters = file.filters
    if let metric = file.metrics.first(where: { Self.forcedMetrics.contains($0.name) }),
      filters.count != 1 || !filters[0].onlyStrips
    {
      throw Diagnostic(
        "\(metric.name) compares with the text itself, but filters change it",
        at: file.location("metrics"), fix: "remove the filters, or use exact_match")
    }
    stripsReferences = file.stripsReferences
    metrics = file.metrics
  }

  func item(from row: TaskRow) throws(Diagnostic) -> Item {
    let value = try answer.typedValue(in: row)
    var references: [String]
    if let choices {
      let texts = try choices.texts(in: row, noun: "choices")
      references = try ChoiceAnswer(
        value, isRendered: answer.isTemplate, choices: texts, row: row
      ).indices.map { texts[$0] }
    } else if case .array(let values) = value {
      references = values.map(PythonText.string)
    } else {
      references = [PythonText.string(value)]
    }
    guard !references.isEmpty else {
      throw Diagnostic(
        "the list of answers is empty", at: row.location, fix: "name at least one right answer")
    }
    if references.count > 1,
      let metric = metrics.first(where: { Self.forcedMetrics.contains($0.name) })
    {
      throw Diagnostic(
        "\(metric.name) needs a single right answer, but there are \(references.count)",
        at: row.location, fix: "use exact_match")
    }
    if stripsReferences { references = references.map(PythonText.stripped) }
    return Item(
      context: try prompt.context(for: row), references: references,
      choices: try filterChoices(of: row))
  }

  private func filterChoices(of row: TaskRow) throws(Diagnostic) -> [String] {
    guard filters.contains(where: \.needsChoices) else { return [] }
    return try FieldSource.column("choices").texts(in: row, noun: "choices")
  }

  func target(of row: TaskRow) throws(Diagnostic) -> String {
    PythonText.string(try answer.typedValue(in: row))
  }

  func requests(for item: Item) -> [ModelRequest] {
    [
      .generation(
        context: item.context, stops: stops, limit: limit,
        expected: isProvable([item]) || needsDraft ? expected(item) : nil)
    ]
  }

  /// One reference and a filter that only strips: then a text proved greedy is scored as the decoded one.
  func isProvable(_ items: [Item]) -> Bool {
    filters.count == 1 && filters[0].onlyStrips
      && metrics.allSatisfy {
        ($0.name == "exact_match" && $0.exactMatch.isPlain) || Self.forcedMetrics.contains($0.name)
      }
      && items.allSatisfy { $0.references.count == 1 }
  }

  private var needsDraft: Bool { metrics.contains { Self.forcedMetrics.contains($0.name) } }

  /// With the delimiter where stripping forgives it and the prompt does not already end in white space.
  private func expected(_ item: Item) -> String {
    let endsInSpace = item.context.isEmpty || endsInWhitespace(item.context)
    return (filters[0].strips && !endsInSpace ? delimiter : "") + item.references[0]
  }

  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    switch responses.first {
    case .generation(let text, let weakest)?:
      let answers = answers(in: text, item)
      var values: [MetricName: ItemValue] = [:]
      for metric in metrics {
        values[metric.key] = .value(
          forcedValue(of: metric, weakest) ?? value(of: metric, answers[metric.filter].text, item))
      }
      return values
    case .forced(let text, let weakest)?:
      var values: [MetricName: ItemValue] = [:]
      for metric in metrics {
        if let value = forcedValue(of: metric, weakest) {
          values[metric.key] = .value(value)
        } else {
          let isHit = text.map { value(of: metric, answers(in: $0, item)[0].text, item) == 1 }
          values[Self.forcedExactMatch.name] = .value(isHit ?? false ? 1 : 0)
        }
      }
      return values
    default: preconditionFailure("generate asked for a text, not \(responses)")
    }
  }

  func isUnparsable(_ item: Item, _ responses: [ModelResponse]) -> Bool {
    guard case .generation(let text, _)? = responses.first else { return false }
    return answers(in: text, item).contains(where: \.isUnparsable)
  }

  func answers(_ item: Item, _ responses: [ModelResponse]) -> [String] {
    guard case .generation(let text, _)? = responses.first else { return [] }
    return answers(in: text, item).map(\.text)
  }

  /// One answer per filter.
  private func answers(in text: String, _ item: Item) -> [AnswerFilter.Answer] {
    filters.map { $0.answer(in: text, choices: item.choices) }
  }

  /// Nil for metrics that compare texts.
  private func forcedValue(of metric: MetricSetting, _ weakest: Double?) -> Double? {
    guard Self.forcedMetrics.contains(metric.name) else { return nil }
    guard let weakest else { preconditionFailure("\(metric.name) without a teacher-forced pass") }
    let probability = Deterministic.exp(weakest)
    if metric.name == "soft_exact_match" { return probability }
    let odds = weakest - Deterministic.log(1 - probability)
    return min(max(odds, -Self.largestMargin), Self.largestMargin)
  }

  private func value(of metric: MetricSetting, _ answer: String, _ item: Item) -> Double {
    if metric.name == "f1" { return WordOverlap.score(answer, item.references) }
    return item.references.contains { metric.exactMatch.match(answer, $0) } ? 1 : 0
  }
}

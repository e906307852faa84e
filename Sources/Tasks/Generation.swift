import Diagnostics
import Documents
import Templates

/// What a model writes, compared with what it should have written.
struct Generation: TaskKind {
  struct Item: Sendable {
    let context: String
    /// Never empty; a hit is a text that equals any of them.
    let references: [String]
  }

  static let declaration = TaskKindDeclaration(
    name: "generate",
    outputType: "generate_until",
    metrics: [Metric("exact_match")],
    standardMetrics: ["exact_match"],
    unsupportedMetrics: [
      "acc", "bleu", "chrf", "ter", "rouge", "rouge1", "rouge2", "rougeL", "f1", "bypass",
    ])

  /// What `exact_match` is called where nothing is decoded.
  static let forcedExactMatch = Metric("exact_match_forced")

  private let prompt: Prompt
  private let answer: FieldSource
  private let choices: FieldSource?
  private let delimiter: String
  private let stops: [String]
  private let limit: Int
  private let strip: Strip
  private let options: ExactMatchOptions

  init(_ file: TaskFile, columns: [String], shots: FewShotExamples?) throws(Diagnostic) {
    prompt = try Prompt(file, columns: columns, shots: shots, hasChoices: file.choices != nil)
    answer = try file.answer.source(columns: columns)
    choices = try file.choices?.source(columns: columns)
    delimiter = file.delimiter
    stops = file.stops
    limit = file.tokenLimit
    strip = file.strip
    options = file.metrics.first?.exactMatch ?? ExactMatchOptions()
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
    if strip == .both { references = references.map(PythonText.stripped) }
    return Item(context: try prompt.context(for: row), references: references)
  }

  func requests(for item: Item) -> [ModelRequest] {
    [
      .generation(
        context: item.context, stops: stops, limit: limit,
        expected: isProvable([item]) ? expected(item) : nil)
    ]
  }

  /// One reference and filters that only strip: then a text proved greedy is scored as the decoded one.
  func isProvable(_ items: [Item]) -> Bool {
    options == ExactMatchOptions() && items.allSatisfy { $0.references.count == 1 }
  }

  /// With the delimiter where stripping forgives it and the prompt does not already end in white space.
  private func expected(_ item: Item) -> String {
    let endsInSpace = item.context.unicodeScalars.last.map(PythonText.isWhitespace) ?? true
    return (strip == .nothing || endsInSpace ? "" : delimiter) + item.references[0]
  }

  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    switch responses.first {
    case .generation(let text)?: ["exact_match": .value(isHit(text, item) ? 1 : 0)]
    case .forced(let text)?:
      [
        Self.forcedExactMatch.name:
          .value(text.map { isHit($0, item) } ?? false ? 1 : 0)
      ]
    default: preconditionFailure("generate asked for a text, not \(responses)")
    }
  }

  private func isHit(_ text: String, _ item: Item) -> Bool {
    let prediction = strip == .nothing ? text : PythonText.stripped(text)
    return item.references.contains { options.match(prediction, $0) }
  }
}

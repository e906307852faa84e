import Diagnostics
import Templates

/// How well whole texts are predicted.
struct Perplexity: TaskKind {
  static let declaration = TaskKindDeclaration(
    name: "perplexity",
    outputType: "loglikelihood_rolling",
    metrics: [
      Metric("word_perplexity", .weightedPerplexity, higherIsBetter: false),
      Metric("byte_perplexity", .weightedPerplexity, higherIsBetter: false),
      Metric("bits_per_byte", .bitsPerByte, higherIsBetter: false),
    ],
    standardMetrics: ["word_perplexity", "byte_perplexity", "bits_per_byte"])

  private let text: FieldSource
  private let metrics: [MetricName]

  init(_ file: TaskFile, columns: [String], prompts: PromptSource) throws(Diagnostic) {
    text = try file.text.source(columns: columns)
    metrics = file.metrics.map(\.name)
  }

  func item(from row: TaskRow) throws(Diagnostic) -> String { try text.text(in: row) }

  func target(of row: TaskRow) throws(Diagnostic) -> String { try text.text(in: row) }

  func requests(for item: String) -> [ModelRequest] { [.rolling(text: item)] }

  func measure(_ item: String, _ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    guard case .rolling(let nats, _)? = responses.first else {
      preconditionFailure("perplexity asked for a rolling log-likelihood, not \(responses)")
    }
    var values: [MetricName: ItemValue] = [:]
    for metric in metrics {
      let units = metric == "word_perplexity" ? Self.wordCount(item) : item.utf8.count
      values[metric] = .ratio(numerator: nats, denominator: Double(units))
    }
    return values
  }

  /// The number of pieces between runs of white space, empty ones at the ends included.
  static func wordCount(_ text: String) -> Int {
    var count = 1
    var isInside = false
    for scalar in text.unicodeScalars {
      let isWhitespace = PythonText.isWhitespace(scalar)
      if isWhitespace, !isInside { count += 1 }
      isInside = isWhitespace
    }
    return count
  }
}

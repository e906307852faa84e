import Diagnostics
public import Documents

/// One item of a task, ready to be asked and measured.
public struct TaskItem: Sendable {
  /// Pairs the item across candidates; unique within a split.
  public let id: String
  /// Related items share one; nil where the task names no cluster column.
  public let cluster: String?
  public let weight: Double
  /// File and line of the row.
  public let location: String
  public let requests: [ModelRequest]
  /// The row as it was read.
  public let columns: JSONValue
  /// What the task file says of the right answer, as Python prints it.
  public let target: String

  private let measureResponses: @Sendable ([ModelResponse]) -> [MetricName: ItemValue]
  private let predict: @Sendable ([ModelResponse]) -> Int?
  private let filter: @Sendable ([ModelResponse]) -> [String]
  private let lacksAnswer: @Sendable ([ModelResponse]) -> Bool

  init<Kind: TaskKind>(
    _ kind: Kind, _ item: Kind.Item, row: TaskRow, id: String, cluster: String?, weight: Double
  ) throws(Diagnostic) {
    self.id = id
    self.cluster = cluster
    self.weight = weight
    location = row.location
    requests = kind.requests(for: item)
    columns = row.columns
    target = try kind.target(of: row)
    measureResponses = { kind.measure(item, $0) }
    predict = { kind.prediction(item, $0) }
    filter = { kind.answers(item, $0) }
    lacksAnswer = { kind.isUnparsable(item, $0) }
  }

  /// The values of the task's metrics.
  ///
  /// - Precondition: `responses` answer ``requests``, one each, in order.
  public func measure(_ responses: [ModelResponse]) -> [MetricName: ItemValue] {
    precondition(responses.count == requests.count, "\(responses.count) != \(requests.count)")
    return measureResponses(responses)
  }

  /// Index of the predicted choice; nil where the task has no choices.
  public func prediction(_ responses: [ModelResponse]) -> Int? { predict(responses) }

  /// What each filter of the task makes of the text that a model wrote; empty for kinds without texts.
  public func answers(_ responses: [ModelResponse]) -> [String] { filter(responses) }

  /// Whether no answer could be found in the text that a model wrote.
  public func isUnparsable(_ responses: [ModelResponse]) -> Bool { lacksAnswer(responses) }
}

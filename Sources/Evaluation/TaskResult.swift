public import Diagnostics
public import Tasks

/// A candidate's results on items of one task.
public struct TaskResult: Sendable {
  public let task: String
  /// In the order of the task file.
  public let metrics: [Metric]
  /// The metric that counts.
  public let objective: Metric
  /// In the order of the items that were asked for.
  public let items: [ItemResult]
  public let itemWeights: [Double]
  /// Nil where the task has no clusters.
  public let clusters: [String]?
  public let scores: [MetricName: Score]
  /// Items of which a part was cut off to fit the model.
  public let truncatedItems: Int
  /// Items that were decoded token by token.
  public let decodedItems: Int
  /// Decoded items that score otherwise than the teacher-forced pass alone would have them.
  public let forcedDifferences: Int
  /// Items whose text reached the largest number of tokens before any end.
  public let cutOffItems: Int
  /// Items in whose text a filter found no answer.
  public let unparsableItems: Int

  init(
    task: LoadedTask, decoding: DecodeMode, objective: Metric, items: [ItemResult],
    itemWeights: [Double],
    clusters: [String]?, truncatedItems: Int, decodedItems: Int, forcedDifferences: Int,
    cutOffItems: Int, unparsableItems: Int
  ) {
    self.init(
      task: task.name, metrics: task.metrics(decoding: decoding),
      objective: objective, items: items, itemWeights: itemWeights,
      clusters: clusters, truncatedItems: truncatedItems, decodedItems: decodedItems,
      forcedDifferences: forcedDifferences, cutOffItems: cutOffItems,
      unparsableItems: unparsableItems)
  }

  private init(
    task: String, metrics: [Metric], objective: Metric, items: [ItemResult],
    itemWeights: [Double], clusters: [String]?, truncatedItems: Int, decodedItems: Int,
    forcedDifferences: Int, cutOffItems: Int, unparsableItems: Int
  ) {
    self.task = task
    self.metrics = metrics
    self.objective = objective
    self.items = items
    self.itemWeights = itemWeights
    self.clusters = clusters
    self.truncatedItems = truncatedItems
    self.decodedItems = decodedItems
    self.forcedDifferences = forcedDifferences
    self.cutOffItems = cutOffItems
    self.unparsableItems = unparsableItems
    var scores: [MetricName: Score] = [:]
    for metric in metrics {
      scores[metric.name] = metric.score(
        Self.values(of: metric, items), weights: itemWeights, clusters: clusters)
    }
    self.scores = scores
  }

  /// The score of the objective.
  public var score: Score { scores[objective.name] ?? objective.score([]) }

  /// One value per item.
  public func values(of metric: Metric) -> [ItemValue] { Self.values(of: metric, items) }

  private static func values(of metric: Metric, _ items: [ItemResult]) -> [ItemValue] {
    items.map { item in
      guard let value = item.values[metric.name] else {
        preconditionFailure("item \(item.itemID) has no value of \(metric.name)")
      }
      return value
    }
  }

  /// The results of several blocks of items of one task, in their order.
  ///
  /// - Precondition: There is a block, and all are of one task and one way of decoding.
  public static func joining(_ blocks: [TaskResult]) -> TaskResult {
    precondition(!blocks.isEmpty, "no blocks to join")
    let first = blocks[0]
    precondition(
      blocks.allSatisfy { $0.task == first.task && $0.metrics == first.metrics },
      "blocks of unlike tasks: \(blocks.map(\.task))")
    return TaskResult(
      task: first.task, metrics: first.metrics, objective: first.objective,
      items: blocks.flatMap(\.items), itemWeights: blocks.flatMap(\.itemWeights),
      clusters: first.clusters == nil ? nil : blocks.flatMap { $0.clusters ?? [] },
      truncatedItems: blocks.reduce(0) { $0 + $1.truncatedItems },
      decodedItems: blocks.reduce(0) { $0 + $1.decodedItems },
      forcedDifferences: blocks.reduce(0) { $0 + $1.forcedDifferences },
      cutOffItems: blocks.reduce(0) { $0 + $1.cutOffItems },
      unparsableItems: blocks.reduce(0) { $0 + $1.unparsableItems })
  }

  /// The items of this candidate and another one, paired for ``PairedBootstrap``.
  ///
  /// - Throws: ``Diagnostic`` if the two were not scored on the same items.
  public func paired(
    with other: TaskResult, weight: Double
  ) throws(Diagnostic) -> PairedStratum {
    guard task == other.task, objective == other.objective,
      items.count == other.items.count,
      zip(items, other.items).allSatisfy({ $0.itemID.utf8.elementsEqual($1.itemID.utf8) })
    else {
      throw Diagnostic(
        "the results were scored on unlike items or metrics", at: "task \(task)",
        fix: "score both candidates on the same split with the same decoding")
    }
    return PairedStratum(
      task: task, weight: weight, metric: objective, first: values(of: objective),
      second: other.values(of: objective), itemWeights: itemWeights, clusters: clusters)
  }
}

/// A candidate's results on all tasks, and what they took.
public struct ModelEvaluation: Sendable {
  public let tasks: [TaskResult]
  /// Tokens of all requests before anything is shared: the unit of cost, equal for every candidate.
  public let requestedTokens: Int
  /// Tokens that went through the model.
  public let computedTokens: Int

  /// The score of all tasks, their scores turned so that higher is better.
  ///
  /// - Precondition: One weight per task, with a positive sum.
  public func headline(weights: [Double], aggregate: TaskAggregate = .mean) -> Score {
    aggregate.score(
      tasks.map { task in
        Score(
          value: task.objective.utility(task.score.value),
          standardError: task.score.standardError, count: task.items.count)
      }, weights: weights)
  }
}

public import PopulationStore

/// The score of a candidate on a split: the mean over its mask seeds, of which there is mostly one.
public struct Figure: Sendable, Hashable {
  public var value: Double
  /// Over the items; nil where a task knows none.
  public var standardError: Double?
  /// By ascending mask seed.
  public var bySeed: [Double]
  /// Value of every task's metrics, in task order; the mean over the mask seeds.
  public var tasks: [Evaluation.TaskScore]

  /// The evaluations are of one candidate, split and manner, and differ in their mask seeds only.
  init?(_ evaluations: [Evaluation]) {
    guard let first = evaluations.first else { return nil }
    let sorted = evaluations.sorted { $0.key.maskSeed < $1.key.maskSeed }
    bySeed = sorted.map(\.score)
    value = mean(bySeed)
    let errors = sorted.compactMap(\.standardError)
    standardError = errors.count == sorted.count ? mean(errors) : nil
    tasks = first.tasks.map { task in
      let same = sorted.flatMap(\.tasks).filter { $0.task == task.task && $0.metric == task.metric }
      let errors = same.compactMap(\.standardError)
      return Evaluation.TaskScore(
        task: task.task, metric: task.metric, value: mean(same.map(\.value)),
        standardError: errors.count == same.count ? mean(errors) : nil, count: task.count,
        decoded: same.reduce(0) { $0 + $1.decoded }, changed: same.reduce(0) { $0 + $1.changed })
    }
  }

  /// Such as `0.3637 ±0.0110`.
  var text: String {
    fixed(value, 4) + (standardError.map { " ±" + fixed($0, 4) } ?? "")
  }
}

private func mean(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
}

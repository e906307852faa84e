import PopulationStore

/// One number by which candidates of a search can be better or worse; several make a trade-off.
struct Objective: Sendable, Hashable {
  var name: String
  var higherIsBetter: Bool
  private let task: String

  /// The metric of a task.
  init(_ task: StoredTask, namesMetric: Bool = true) {
    self.task = task.name
    name = namesMetric ? "\(task.name), \(task.metric)" : task.name
    // Of the metrics of this program these alone are better when they are lower.
    higherIsBetter = !["perplexity", "bits_per_byte", "brier"].contains { task.metric.contains($0) }
  }

  func value(in figure: Figure) -> Double? {
    figure.tasks.first { $0.task == task }.flatMap { $0.value.isFinite ? $0.value : nil }
  }

  /// The value turned so that higher is better.
  func utility(_ value: Double) -> Double { higherIsBetter ? value : -value }
}

/// Indices of the points that no other point dominates: is as good in every coordinate and better in one.
///
/// Higher is better. Equal points keep each other company.
/// - Complexity: O(n · f · d) for n points of d coordinates, f of them in the front.
func paretoFront(_ points: [[Double]]) -> [Int] {
  // In this order no point is dominated by a later one.
  let order = points.indices.sorted { left, right in
    if points[left] == points[right] { return left < right }
    return points[right].lexicographicallyPrecedes(points[left])
  }
  var front: [Int] = []
  for index in order
  where !front.contains(where: { dominates(points[$0], points[index]) }) {
    front.append(index)
  }
  return front.sorted()
}

private func dominates(_ left: [Double], _ right: [Double]) -> Bool {
  left != right && zip(left, right).allSatisfy { $0 >= $1 }
}

/// Pearson's correlation; 0 where one side does not vary.
func correlation(_ left: [Double], _ right: [Double]) -> Double {
  let count = Double(min(left.count, right.count))
  guard count > 1 else { return 0 }
  let means = (left.reduce(0, +) / count, right.reduce(0, +) / count)
  var (product, first, second) = (0.0, 0.0, 0.0)
  for (x, y) in zip(left, right) {
    product += (x - means.0) * (y - means.1)
    first += (x - means.0) * (x - means.0)
    second += (y - means.1) * (y - means.1)
  }
  return first > 0 && second > 0 ? product / (first * second).squareRoot() : 0
}

/// How the scores of several tasks become one.
public enum TaskAggregate: String, Sendable, CaseIterable {
  /// Σ weight · score / Σ weight.
  case mean
  /// The lowest score of any task, whatever the weights.
  case worst

  /// The score of all tasks.
  ///
  /// - Parameters:
  ///   - scores: One per task, turned so that higher is better; the tasks are independent sets of items.
  ///   - weights: One per task, with a positive sum.
  /// - Returns: With a standard error if every score that counts has one.
  public func score(_ scores: [Score], weights: [Double]) -> Score {
    precondition(weights.count == scores.count, "\(weights.count) != \(scores.count)")
    let count = scores.reduce(0) { $0 + $1.count }
    switch self {
    case .worst:
      let worst = scores.min { $0.value < $1.value }
      return Score(value: worst?.value ?? 0, standardError: worst?.standardError, count: count)
    case .mean:
      let mass = weights.reduce(0, +)
      precondition(mass > 0, "the weights of the tasks add up to \(mass)")
      var value = 0.0
      var variance: Double? = 0
      for (score, weight) in zip(scores, weights) where weight > 0 {
        let share = weight / mass
        value += share * score.value
        if let error = score.standardError, let sum = variance {
          variance = sum + share * share * error * error
        } else {
          variance = nil
        }
      }
      return Score(value: value, standardError: variance?.squareRoot(), count: count)
    }
  }
}

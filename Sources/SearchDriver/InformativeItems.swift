import Tasks

/// How often each item should be asked when candidates see a part of the items only.
///
/// An item that all baselines answer alike says little about their merges. The probability of item i is
/// proportional to √((vᵢ + f)/tᵢ), the square root of its information per token: vᵢ is the variance of
/// the baselines' values, tᵢ its tokens, and f a twentieth of the mean variance, so that items on which all
/// agree are kept as sentinels, about one for ten (Neyman 1934, with costs).
struct InformativeItems {
  /// For one task: by unit (an item or a cluster), what is drawn together.
  struct Unit {
    /// Mean over its items of the variance between baselines.
    var variance: Double
    var tokens: Int
  }

  /// Probabilities by task and unit, at most 1; the expected tokens are `share` of all.
  static func probabilities(_ tasks: [[Unit]], share: Double) -> [[Double]] {
    let units = Array(tasks.joined())
    let total = units.reduce(0.0) { $0 + Double($1.tokens) }
    // The scale of a task's metric is its own: nats and hits are not compared.
    let rates = tasks.map { units -> [Double] in
      let mean = units.reduce(0) { $0 + $1.variance } / Double(max(1, units.count))
      guard mean > 0 else { return units.map { 1 / Double(max(1, $0.tokens)).squareRoot() } }
      return units.map {
        (($0.variance / mean + 0.05) / Double(max(1, $0.tokens))).squareRoot()
      }
    }
    func probability(_ rate: Double, _ scale: Double) -> Double {
      min(1, max(share / 10, scale * rate))
    }
    func tokens(_ scale: Double) -> Double {
      zip(tasks, rates).reduce(0) { sum, task in
        zip(task.0, task.1).reduce(sum) { $0 + Double($1.0.tokens) * probability($1.1, scale) }
      }
    }
    var low = 0.0
    var high = 1.0
    while tokens(high) < share * total, high < 1e12 { high *= 2 }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if tokens(middle) < share * total { low = middle } else { high = middle }
    }
    return rates.map { $0.map { probability($0, high) } }
  }
}

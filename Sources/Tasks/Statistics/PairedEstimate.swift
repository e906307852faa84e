import Randomness

/// How much better one candidate is than another, with a standard error by linearisation.
///
/// For decisions that are taken by the thousand, where a bootstrap would cost more than it tells.
public struct PairedEstimate: Sendable, Hashable {
  /// Σ weight · difference / Σ weight over the tasks; positive if the first candidate is better.
  public var value: Double
  public var standardError: Double

  /// Compares the first candidates of `strata` with the second ones.
  ///
  /// The variance of a stratum is that of the paired residuals, n/(n − 1) · Σ (eᵢ − e′ᵢ)², by the delta
  /// method where the metric is no mean, times 1 − n/N for items drawn without replacement.
  /// `populations` holds for each stratum the number N of items that the candidates will have seen in
  /// the end.
  ///
  /// - Precondition: The weights of the strata have a positive sum.
  public init(_ strata: [PairedStratum], outOf populations: [Int]) {
    precondition(strata.count == populations.count, "\(strata.count) != \(populations.count)")
    let mass = strata.reduce(0) { $0 + $1.weight }
    precondition(mass > 0, "the weights of the tasks add up to \(mass)")
    value = 0
    var variance = 0.0
    for (stratum, population) in zip(strata, populations) {
      let share = stratum.weight / mass
      let unseen = max(0, 1 - Double(stratum.count) / Double(max(1, population)))
      value += share * stratum.difference
      variance += share * share * unseen * stratum.variance
    }
    standardError = variance.squareRoot()
  }

  /// How probable it is that the first candidate is the better one, as far as a normal error goes.
  public var probability: Double {
    guard standardError > 0 else { return value > 0 ? 1 : value < 0 ? 0 : 0.5 }
    return Deterministic.normalProbability(below: value / standardError)
  }
}

extension PairedStratum {
  private var total: Unit { units.reduce(into: Unit()) { $0 += $1 } }

  var difference: Double { difference(total) }

  /// Of the difference, for an infinite population; 0 for a single unit.
  var variance: Double {
    guard units.count > 1 else { return 0 }
    let total = total
    func line(_ sum: (numerator: Double, denominator: Double)) -> (ratio: Double, scale: Double) {
      guard sum.denominator > 0 else { return (0, 0) }
      let ratio = sum.numerator / sum.denominator
      return (ratio, metric.slope(ratio) / sum.denominator)
    }
    let first = line(total.first)
    let second = line(total.second)
    var squares = 0.0
    for unit in units {
      let residual =
        first.scale * (unit.first.numerator - first.ratio * unit.first.denominator)
        - second.scale * (unit.second.numerator - second.ratio * unit.second.denominator)
      squares += residual * residual
    }
    let count = Double(units.count)
    return squares * count / (count - 1)
  }
}

import Randomness

/// McNemar's exact test of two candidates on items that are right or wrong: only disagreements count.
public struct McNemar: Sendable, Hashable {
  /// Items that only the first candidate gets right.
  public let firstOnly: Int
  /// Items that only the second candidate gets right.
  public let secondOnly: Int

  /// - Precondition: Both counts are at least 0.
  public init(firstOnly: Int, secondOnly: Int) {
    precondition(firstOnly >= 0 && secondOnly >= 0, "\(firstOnly), \(secondOnly)")
    self.firstOnly = firstOnly
    self.secondOnly = secondOnly
  }

  /// Counts an item as right where its value is above one half.
  public init(first: [ItemValue], second: [ItemValue]) {
    precondition(first.count == second.count, "\(first.count) != \(second.count)")
    let right = zip(first, second).map { ($0.numerator > 0.5, $1.numerator > 0.5) }
    self.init(
      firstOnly: right.count { $0 && !$1 }, secondOnly: right.count { !$0 && $1 })
  }

  /// Two-sided: min(1, 2·P[Bin(b + c, ½) ≤ min(b, c)]).
  public var exactProbability: Double { min(1, 2 * tail.cumulative) }

  /// The exact value less P[Bin = min(b, c)], which is less conservative; 1 without disagreements.
  public var midProbability: Double {
    firstOnly + secondOnly == 0 ? 1 : min(1, 2 * tail.cumulative - tail.point)
  }

  private var tail: (cumulative: Double, point: Double) {
    let count = firstOnly + secondOnly
    let end = min(firstOnly, secondOnly)
    var logTerm = -Double(count) * Deterministic.log(2)
    var cumulative = Deterministic.exp(logTerm)
    for k in 0..<end {
      logTerm += Deterministic.log(Double(count - k) / Double(k + 1))
      cumulative += Deterministic.exp(logTerm)
    }
    return (cumulative, Deterministic.exp(logTerm))
  }
}

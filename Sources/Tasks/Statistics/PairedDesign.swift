/// How many items it takes to see a difference between two candidates, at 80 % power and two-sided 5 %.
public enum PairedDesign {
  /// (z₁·√ψ + z₂·√(ψ − δ²))² / δ², rounded up; z₁ = 1.96 and z₂ = 0.84 are normal quantiles.
  ///
  /// - Parameters:
  ///   - disagreement: ψ, the share of items that exactly one of the two gets right.
  ///   - difference: δ, the difference of their scores.
  /// - Returns: nil if there is no difference to see.
  public static func itemsNeeded(disagreement: Double, difference: Double) -> Int? {
    let needed = exactItems(disagreement, difference)
    return needed.isFinite && needed < 1e15 ? Int(needed.rounded(.up)) : nil
  }

  /// The smallest difference that so many items can show; 1 if they can show none.
  public static func smallestDifference(disagreement: Double, items: Int) -> Double {
    var low = 0.0
    var high = min(1, disagreement)
    guard exactItems(disagreement, high) <= Double(items) else { return 1 }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if exactItems(disagreement, middle) <= Double(items) { high = middle } else { low = middle }
    }
    return high
  }

  private static func exactItems(_ disagreement: Double, _ difference: Double) -> Double {
    let spread = max(0, disagreement - difference * difference).squareRoot()
    let root = 1.959_964 * disagreement.squareRoot() + 0.841_621 * spread
    return root * root / (difference * difference)
  }
}

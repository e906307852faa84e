import Recipes

/// The shared kernel in plain Swift, in single precision and in the same order of operations.
func taskVectors(
  _ trial: Trial, deltas: [[Float]], election: Bool
) throws -> [Float] {
  let base = trial.rows[0]
  let weights = (trial.perModel[.weight] ?? []).map { Float($0) }
  let weighted = zip(deltas, weights).map { delta, weight in delta.map { $0 * weight } }
  let normalize = trial.shared[.normalize] == .boolean(true)
  let lambda: Float =
    if case .real(let value) = trial.shared[.lambda] { Float(value) } else { 1 }
  return base.indices.map { element in
    let values = weighted.map { $0[element] }
    var (sum, divisor): (Float, Float) = (0, 0)
    if election {
      let isPositive = values.reduce(0, +) >= 0
      for (value, weight) in zip(values, weights) where isPositive ? value > 0 : value < 0 {
        sum += value
        divisor += weight
      }
      if divisor == 0 { divisor = 1 }
    } else {
      sum = values.reduce(0, +)
      divisor = weights.reduce(0, +)
      if abs(divisor) < 1e-8 { divisor = 1 }
    }
    return base[element] + lambda * (normalize ? sum / divisor : sum)
  }
}

func deltas(_ trial: Trial) -> [[Float]] {
  trial.rows.dropFirst().map { row in zip(row, trial.rows[0]).map { $0 - $1 } }
}

/// Keeps the k largest magnitudes, the first of equal ones.
func trimmed(_ delta: [Float], density: Double) -> [Float] {
  if density >= 1 { return delta }
  if density <= 0 { return delta.map { _ in 0 } }
  let keep = max(1, Int(density * Double(delta.count)))
  let order = delta.indices.sorted {
    (-abs(delta[$0]), $0) < (-abs(delta[$1]), $1)
  }
  let kept = Set(order.prefix(keep))
  return delta.indices.map { kept.contains($0) ? delta[$0] : 0 }
}

func scaled(_ masked: [Float], like delta: [Float]) -> [Float] {
  let whole = delta.reduce(0.0) { $0 + Double(abs($1)) }
  let kept = masked.reduce(0.0) { $0 + Double(abs($1)) }
  guard whole >= 1e-7, kept >= 1e-7 else { return masked }
  return masked.map { $0 * Float(whole / kept) }
}

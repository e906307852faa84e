import Tasks

/// The score that a candidate would have on all items, estimated from those that it has seen.
///
/// The generalised regression estimator of survey sampling (Särndal, Swensson, Wretman 1992, section 6.4) with
/// the baselines as auxiliary variables: the score on the seen items, less Σ βₖ (sₖ(seen) − sₖ(all)), where sₖ
/// is baseline k's score and β the candidate's own ridge regression on the baselines, item by item. A
/// candidate that answers as a baseline does is thus freed of the luck of the draw.
struct FullScoreEstimate {
  /// One baseline: its values on the seen items, and its scores on these and on all.
  struct Control {
    var values: [Double]
    var seenScore: Double
    var fullScore: Double
  }

  /// Ridge penalty on standardised controls, in units of the total weight 1.
  private static let penalty = 0.3

  /// The estimate from a candidate's `score` on the seen items, its `values` item by item, and the items'
  /// shares in the score, all positive.
  static func score(
    _ score: Double, values: [Double], weights: [Double], controls: [Control]
  ) -> Double {
    let total = weights.reduce(0, +)
    guard total > 0 else { return score }
    func centred(_ values: [Double]) -> [Double] {
      let mean = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      return values.map { $0 - mean }
    }
    func product(_ first: [Double], _ second: [Double]) -> Double {
      first.indices.reduce(0) { $0 + first[$1] * second[$1] * weights[$1] } / total
    }
    let outcome = centred(values)
    var rows: [[Double]] = []
    var shifts: [Double] = []
    for control in controls {
      let row = centred(control.values)
      let deviation = product(row, row).squareRoot()
      guard deviation > 0 else { continue }
      rows.append(row.map { $0 / deviation })
      shifts.append((control.seenScore - control.fullScore) / deviation)
    }
    let matrix = rows.indices.map { i in
      rows.indices.map { j in product(rows[i], rows[j]) + (i == j ? penalty : 0) }
    }
    let coefficients = solve(matrix, rows.map { product($0, outcome) })
    return score - zip(coefficients, shifts).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Solves a symmetric positive definite system by Cholesky's decomposition.
  private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
    var factor = matrix
    var solution = right
    for i in matrix.indices {
      for j in 0...i {
        var sum = matrix[i][j]
        for k in 0..<j { sum -= factor[i][k] * factor[j][k] }
        factor[i][j] = i == j ? max(sum, 1e-12).squareRoot() : sum / factor[j][j]
      }
      for k in 0..<i { solution[i] -= factor[i][k] * solution[k] }
      solution[i] /= factor[i][i]
    }
    for i in matrix.indices.reversed() {
      for k in matrix.indices where k > i { solution[i] -= factor[k][i] * solution[k] }
      solution[i] /= factor[i][i]
    }
    return solution
  }
}

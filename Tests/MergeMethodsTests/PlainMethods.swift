import Foundation
import Recipes

/// The methods by their formulas, in double precision and without regard to speed: what the fast ones are
/// held to.
enum PlainMethods {
  typealias Vector = [Double]

  static func dot(_ a: Vector, _ b: Vector) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  static func norm(_ a: Vector) -> Double { dot(a, a).squareRoot() }
  static func plus(_ a: Vector, _ b: Vector) -> Vector { zip(a, b).map { $0 + $1 } }
  static func minus(_ a: Vector, _ b: Vector) -> Vector { zip(a, b).map { $0 - $1 } }
  static func times(_ s: Double, _ a: Vector) -> Vector { a.map { s * $0 } }
  static func clip(_ x: Double) -> Double { min(1, max(-1, x)) }

  // MARK: - Spherical methods

  /// The factors of two vectors; merge-methods.md, 4.3.
  static func nuslerp(_ t: Double, _ a: Vector, _ b: Vector) -> (a: Double, b: Double) {
    let cosine = clip(
      dot(times(1 / max(norm(a), 1e-7), a), times(1 / max(norm(b), 1e-7), b)))
    if abs(Float(cosine)) == 1 { return (1 - t, t) }
    let angle = acos(cosine)
    return (sin((1 - t) * angle) / sin(angle), sin(t * angle) / sin(angle))
  }

  /// 4.4, step by step, the tangents included.
  static func multislerp(
    _ vectors: [Vector], _ weights: [Double], normalize: Bool, eps: Double
  ) -> Vector {
    if vectors.count == 1 { return vectors[0] }
    let sum = weights.reduce(0, +)
    let w = normalize ? weights.map { $0 / sum } : weights
    let lengths = vectors.map(norm)
    let units = zip(vectors, lengths).map { times(1 / ($1 + eps), $0) }
    let zero = vectors[0].map { _ in 0.0 }
    var mean = zip(w, units).reduce(zero) { plus($0, times($1.0, $1.1)) }
    if norm(mean) < eps { return zip(w, vectors).reduce(zero) { plus($0, times($1.0, $1.1)) } }
    mean = times(1 / norm(mean), mean)
    let tangents = units.map { minus($0, times(dot($0, mean), mean)) }
    let step = zip(w, tangents).reduce(zero) { plus($0, times($1.0, $1.1)) }
    let length = norm(step) + eps
    let point = plus(times(cos(length), mean), times(sin(length) / length, step))
    return times(zip(w, lengths).reduce(0) { $0 + $1.0 * $1.1 }, point)
  }

  /// 4.5.
  static func karcher(_ vectors: [Vector], iterations: Int, tolerance: Double) -> Vector {
    if vectors.count == 1 { return vectors[0] }
    let lengths = vectors.map(norm)
    let valid = vectors.indices.filter { lengths[$0] > tolerance }
    let zero = vectors[0].map { _ in 0.0 }
    guard let first = valid.first else { return zero }
    let units = zip(vectors, lengths).map { $1 > 0 ? times(1 / $1, $0) : $0 }
    let share = 1 / Double(valid.count)
    var mean = valid.reduce(zero) { plus($0, times(share, units[$1])) }
    mean = norm(mean) < tolerance ? units[first] : times(1 / norm(mean), mean)
    for _ in 0..<iterations {
      var step = zero
      for index in valid {
        let cosine = clip(dot(mean, units[index]))
        let angle = acos(cosine)
        guard angle >= tolerance, Float(cosine) > -1 else { continue }
        step = plus(
          step, times(share * angle / sin(angle), minus(units[index], times(cosine, mean))))
      }
      let length = norm(step)
      if length < tolerance || length == 0 { break }
      mean = plus(times(cos(length), mean), times(sin(length) / length, step))
      if norm(mean) > tolerance { mean = times(1 / norm(mean), mean) }
    }
    return times(lengths.reduce(0, +) / Double(vectors.count), mean)
  }

  // MARK: - Task vectors

  /// Positions in descending order of magnitude, equal ones by index.
  static func descending(_ delta: [Float]) -> [Int] {
    delta.indices.sorted { (-abs(delta[$0]), $0) < (-abs(delta[$1]), $1) }
  }

  /// 5.5.
  static func breadcrumbs(_ delta: [Float], density: Double, gamma: Double) -> [Float] {
    if density >= 1 { return delta }
    let count = delta.count
    let keep = Int(density * Double(count))
    let top = Int(gamma * Double(count))
    let bottom = max(0, count - keep - top)
    // Ascending positions bottom ..< bottom + keep.
    let order = descending(delta)
    let kept = Set(order[(count - bottom - keep)..<(count - bottom)])
    return delta.indices.map { kept.contains($0) ? delta[$0] : 0 }
  }

  /// 5.4: the probability with which della keeps each element.
  static func probabilities(
    _ delta: [Float], shape: [Int], density: Double, epsilon: Double
  ) -> [Double] {
    let length = shape.count > 1 ? shape[1] : shape[0]
    let step = shape.dropFirst(2).reduce(1, *)
    var result = delta.map { _ in 0.0 }
    for start in delta.indices where start / step % length == 0 {
      let row = (0..<length).map { start + $0 * step }
      let order = row.sorted { (abs(delta[$0]), $0) < (abs(delta[$1]), $1) }
      for (rank, element) in order.enumerated() {
        result[element] =
          length == 1
          ? density : density - epsilon + 2 * epsilon * Double(rank) / Double(length - 1)
      }
    }
    return result
  }

  // MARK: - Other methods

  /// 6.1: t of one vector.
  static func modelStock(_ offsets: [Vector]) -> Double {
    let count = offsets.count
    var sum = 0.0
    for i in 0..<count {
      for j in i + 1..<count {
        sum += clip(dot(offsets[i], offsets[j]) / max(norm(offsets[i]) * norm(offsets[j]), 1e-6))
      }
    }
    let cosine = sum / Double(count * (count - 1) / 2)
    let divisor = 1 + Double(count - 1) * cosine
    return abs(divisor) < 1e-6 ? 0 : Double(count) * cosine / divisor
  }

  /// 6.3: the change of the base.
  static func sce(_ deltas: [Vector], selected: Double) -> Vector {
    let elements = deltas[0].indices
    var chosen = Set(elements)
    if selected < 1 {
      let variances = elements.map { element -> Float in
        let values = deltas.map { $0[element] }
        let mean = values.reduce(0, +) / Double(values.count)
        return Float(
          values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
      }
      let varying = variances.count { $0 > 0 }
      chosen = Set(
        descending(variances).prefix(max(0, Int(Float(varying) * Float(selected)))))
    }
    let kept = deltas.map { delta in elements.map { chosen.contains($0) ? delta[$0] : 0 } }
    let means = kept.map { dot($0, $0) / Double(elements.count) }
    let sum = means.reduce(0, +)
    let shares = means.map { sum < 1e-6 ? 1 / Double(deltas.count) : $0 / sum }
    return elements.map { element in
      let isPositive = kept.reduce(0) { $0 + $1[element] } >= 0
      var (numerator, divisor) = (0.0, 0.0)
      for (delta, share) in zip(kept, shares)
      where isPositive ? delta[element] > 0 : delta[element] < 0 {
        numerator += share * delta[element]
        divisor += share
      }
      return numerator / max(divisor, 1e-6)
    }
  }

  /// 6.5: which elements come from `b`, and how near each importance is to the threshold, relatively.
  static func fusion(
    _ a: Vector, _ b: Vector, rowLength: Int
  ) -> [(isChosen: Bool, distance: Double)] {
    func softmax(_ row: ArraySlice<Double>) -> Vector {
      let most = row.max() ?? 0
      let powers = row.map { exp($0 - most) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum + 1e-8 }
    }
    var importances: Vector = []
    for start in stride(from: 0, to: a.count, by: rowLength) {
      let (p, q) = (softmax(b[start..<start + rowLength]), softmax(a[start..<start + rowLength]))
      let divergence = zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      for element in start..<start + rowLength {
        importances.append(abs(b[element] - a[element]) * divergence)
      }
    }
    let sorted = importances.sorted()
    func quantile(_ share: Double) -> Double { sorted[Int(share * Double(a.count - 1))] }
    let threshold = quantile(0.5) + 1.5 * (quantile(0.75) - quantile(0.25))
    return importances.map {
      ($0 >= threshold, abs($0 - threshold) / max(abs(threshold), 1e-300))
    }
  }

  /// 6.4: the change of the base.
  static func ram(
    _ deltas: [Vector], epsilon: Double, r: Double = 0, alpha: Double = 0
  ) -> Vector {
    let elements = deltas[0].indices
    let counts = elements.map { element in deltas.count { abs($0[element]) > epsilon } }
    let factors = deltas.map { delta -> Double in
      let active = elements.filter { abs(delta[$0]) > epsilon }
      let shared = Double(active.count { counts[$0] > 1 })
      let unique = Double(active.count { counts[$0] == 1 })
      return 1 + r * min(max(shared / max(unique, epsilon), 0), alpha)
    }
    return elements.map { element in
      zip(deltas, factors).reduce(0) { sum, model in
        let delta = model.0[element]
        guard abs(delta) > epsilon else { return sum }
        return sum + (counts[element] == 1 ? model.1 * delta : delta / Double(counts[element]))
      }
    }
  }
}

/// The normal distribution: error function, its complement, and the quantile.
extension Deterministic {
  // 2/√π in two parts.
  private static let twoOverRootPi = 1.1283791670955126
  private static let twoOverRootPiLow = 1.533545961316588e-17

  /// The error function.
  public static func erf(_ x: Double) -> Double {
    let magnitude = abs(x)
    guard magnitude < 0.5 else {
      let value = 1 - erfc(magnitude)
      return x < 0 ? -value : value
    }
    // 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1))
    let z = x * x
    var tail = 0.0
    var n = 14
    while n > 0 {
      tail = (tail + 1 / (factorials[n] * Double(2 * n + 1))) * -z
      n -= 1
    }
    return x * twoOverRootPi + x * (twoOverRootPi * tail + twoOverRootPiLow)
  }

  private static let factorials: [Double] = (0...14).map { n in
    (1...max(1, n)).reduce(1.0) { $0 * Double($1) }
  }

  /// The complementary error function, accurate relative to its size far into the tail.
  public static func erfc(_ x: Double) -> Double {
    guard !x.isNaN else { return x }
    if x < 0.5 { return x > -0.5 ? 1 - erf(x) : 2 - erfc(-x) }
    guard x < 27.3 else { return 0 }
    // e^(x²) erfc(x) (1 + 2x) is smooth in t = (x − 2.5) / (x + 2.5), here shifted to [−1, 1].
    let t = (19 * ((x - 2.5) / (x + 2.5)) - 3) / 16
    var (b1, b2) = (0.0, 0.0)
    for coefficient in scaledTail { (b1, b2) = (2 * t * b1 - b2 + coefficient, b1) }
    let scaled = (1.2150848733256676 + (t * b1 - b2)) / (1 + 2 * x)
    // x² = head² + (x − head)(x + head), the square of the 26-bit head being exact.
    let head = Double(bitPattern: x.bitPattern & 0xFFFF_FFFF_F800_0000)
    return exp(-head * head) * (scaled + scaled * expm1Tiny((head - x) * (head + x)))
  }

  /// Chebyshev coefficients 25 … 1 of e^(x²) erfc(x) (1 + 2x), fitted to 1e-18 for x ≥ 15/32.
  private static let scaledTail: [Double] = [
    9.300416910938731e-19, -1.1596820262779956e-17, -4.738911337531461e-17,
    1.1435843625415686e-16, 1.2314182638867618e-15, 3.450145426426358e-16,
    -2.5764989842899947e-14, -5.78780961558306e-14, 4.864987643916813e-13,
    2.1519415381348707e-12, -8.963426948404334e-12, -6.538640828289667e-11,
    1.8245527725961158e-10, 1.928403973779877e-09, -5.090935405073481e-09,
    -5.8406412405762954e-08, 2.223109767905342e-07, 1.7108399256430455e-06,
    -1.3026824810756889e-05, -2.1650581910676845e-05, 0.0007362236298870281,
    -0.005028208566027771, 0.018911296932048738, -0.03352957346809084, -0.06776263904387132,
  ]

  /// eᵈ − 1 for |d| < 2⁻¹⁵.
  private static func expm1Tiny(_ d: Double) -> Double { d + d * d * (0.5 + d * (1.0 / 6)) }

  /// The inverse error function on (−1, 1); ±∞ at ±1.
  public static func erfInverse(_ y: Double) -> Double {
    guard abs(y) < 1 else { return abs(y) == 1 ? y * .infinity : .nan }
    guard abs(y) < 0.5 else {
      let tail = -normalQuantile((1 - abs(y)) / 2) * 0.7071067811865476
      return y < 0 ? -tail : tail
    }
    var x = y * 0.886226925452758
    for _ in 0..<4 {
      let slope = twoOverRootPi * exp(-x * x)
      let step = (erf(x) - y) / slope
      x -= step / (1 + x * step)
    }
    return x
  }

  /// Probability that a standard normal is below `z`.
  public static func normalProbability(below z: Double) -> Double {
    0.5 * erfc(-z * 0.7071067811865476)
  }

  /// The z below which a standard normal falls with the given probability, accurate in both tails.
  ///
  /// The quantile of χ² with one degree of freedom at 1 − 2p is `normalQuantile(p)²`. Probabilities
  /// below 1e-300 count as 1e-300.
  public static func normalQuantile(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else {
      if probability == 0 { return -.infinity }
      return probability == 1 ? .infinity : .nan
    }
    if probability > 0.5 { return -normalQuantile(1 - probability) }
    if probability == 0.5 { return 0 }
    // Newton's method for ln Φ(z) = ln p. ln Φ is concave and Φ(z) <= ½ exp(−z²/2) for z <= 0, so
    // the start lies left of the root and every step goes right.
    let target = log(max(probability, 1e-300))
    var z = -(-2 * (target + ln2High)).squareRoot()
    for _ in 0..<60 {
      let below = normalProbability(below: z)
      let density = 0.3989422804014327 * exp(-0.5 * z * z)
      let next = z - (log(below) - target) * below / density
      if abs(next - z) <= 0x1p-50 * abs(next) + 0x1p-60 { return next }
      z = next
    }
    return z
  }
}

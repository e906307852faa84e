import Randomness

/// Keeps integer coordinates of a Gaussian mutating: a scale A per coordinate and a correction of
/// the mean that hold the probability of leaving the present level above a margin.
///
/// Reference: Hamano et al., CMA-ES with Margin, arXiv 2205.13482 and 2212.09260, and CatCMA with
/// Margin, arXiv 2504.07884 (integer centering, memory of mutation rates).
struct IntegerMargin: Sendable {
  /// A_j, the extra factor on a coordinate's standard deviation.
  private(set) var scales: [Double]
  /// p_mut, the mutation probability a coordinate had last.
  private var mutationRates: [Double]
  private let margin: Double

  private static let tiny = 1e-10

  init(count: Int, discreteCount: Int) {
    scales = Array(repeating: 1, count: count)
    mutationRates = Array(repeating: 0.5 - Self.tiny, count: count)
    margin = count == 0 ? 0 : CategoricalDistribution.margin(discreteCount)
  }

  /// Moves the selected samples of each coordinate that changed level onto their level, and the
  /// others the opposite way, so that the mean of all stays where it was.
  ///
  /// `points` are the coordinates v of the selected samples, drawn around `mean`; the integer
  /// coordinates follow `offset` others.
  /// - Returns: Per coordinate whether a selected sample changed level.
  static func center(
    _ points: inout [[Double]], coordinates: [Coordinates.Integer], offset: Int, mean: [Double]
  ) -> [Bool] {
    coordinates.enumerated().map { index, integer in
      let column = offset + index
      let home = integer.level(at: mean[column])
      let levels = points.map { integer.level(at: $0[column]) }
      let gaps = zip(points, levels).map { integer.position(of: $1) - $0[column] }
      var bias = 0.0
      for (row, level) in levels.enumerated() where level != home {
        let old = points[row][column]
        points[row][column] = integer.position(of: level)
        bias += points[row][column] - old
      }
      let movable = levels.indices.filter { levels[$0] == home && gaps[$0] * bias < 0 }
      let most = movable.reduce(0.0) { $0 + gaps[$1] }
      if most != 0 {
        let fraction = min(1, -bias / most)
        for row in movable { points[row][column] += fraction * gaps[row] }
      }
      return levels.contains { $0 != home }
    }
  }

  /// Corrects the mean and the scales after an update.
  ///
  /// `deviations` are σ √C_ii of every Gaussian coordinate, of which the integers follow `offset`
  /// others; `successes` says per integer whether a selected sample changed level.
  mutating func correct(
    mean: inout [Double], deviations: [Double], coordinates: [Coordinates.Integer], offset: Int,
    successes: [Bool]
  ) {
    for (index, integer) in coordinates.enumerated() {
      let center = mean[offset + index]
      let deviation = deviations[offset + index]
      let spread = deviation * scales[index]
      let level = integer.level(at: center)
      let lower = integer.threshold(max(level - 1, 0))
      let upper = integer.threshold(min(level, integer.levels - 2))
      let below = Deterministic.normalProbability(below: (lower - center) / spread)
      let above = Deterministic.normalProbability(below: (center - upper) / spread)
      if lower == upper {
        mean[offset + index] = correctEdge(
          index, integer, level: level, threshold: upper, leaving: min(below, above),
          deviation: deviation, succeeded: successes[index])
      } else {
        mean[offset + index] = correctInterior(
          index, lower: lower, upper: upper, below: below, above: above, deviation: deviation,
          succeeded: successes[index])
      }
    }
  }

  /// The mean lies in the lowest or highest cell, which it can leave one way only.
  private mutating func correctEdge(
    _ index: Int, _ integer: Coordinates.Integer, level: Int, threshold: Double, leaving: Double,
    deviation: Double, succeeded: Bool
  ) -> Double {
    var rate = max(leaving, margin)
    if !succeeded { rate = min(rate, mutationRates[index]) }
    rate = min(max(rate, Self.tiny), 0.5 - Self.tiny)
    let reach = abs(integer.position(of: level) - threshold)
    scales[index] = max(scales[index], reach / (deviation * radius(margin)))
    mutationRates[index] = rate
    let distance = deviation * scales[index] * radius(rate)
    return level == 0 ? threshold - distance : threshold + distance
  }

  /// The mean lies in a cell with a neighbour on each side.
  private mutating func correctInterior(
    _ index: Int, lower: Double, upper: Double, below: Double, above: Double, deviation: Double,
    succeeded: Bool
  ) -> Double {
    let half = margin / 2
    var staying = 1 - (below + above)
    var (low, high) = (max(below, half), max(above, half))
    var slack = -3 * half
    if !succeeded {
      let least = 1 - mutationRates[index]
      staying = max(staying, least)
      slack = -margin - least
    }
    let excess = 1 - low - high - staying
    let room = low + high + staying + slack
    if room > 0 {
      let share = excess / room
      (low, high) = (low + share * (low - half), high + share * (high - half))
    }
    low = min(max(low, Self.tiny), 0.5 - Self.tiny)
    high = min(max(high, Self.tiny), 0.5 - Self.tiny)
    let (lowRadius, highRadius) = (radius(low), radius(high))
    scales[index] = (upper - lower) / ((lowRadius + highRadius) * deviation)
    mutationRates[index] = low + high
    return (lower * highRadius + upper * lowRadius) / (lowRadius + highRadius)
  }

  /// The distance in standard deviations beyond which a normal lies on one side with `probability`;
  /// the square root of the χ² quantile at 1 − 2 `probability`.
  private func radius(_ probability: Double) -> Double {
    -Deterministic.normalQuantile(probability)
  }
}

extension IntegerMargin: Codable {
  private enum CodingKeys: CodingKey { case scales, mutationRates, margin }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ExactDoubles(scales), forKey: .scales)
    try container.encode(ExactDoubles(mutationRates), forKey: .mutationRates)
    try container.encode(ExactDoubles([margin]), forKey: .margin)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    scales = try container.decode(ExactDoubles.self, forKey: .scales).values
    mutationRates = try container.decode(ExactDoubles.self, forKey: .mutationRates).values
    let margins = try container.decode(ExactDoubles.self, forKey: .margin).values
    guard margins.count == 1, scales.count == mutationRates.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .margin, in: container, debugDescription: "parts of unlike size")
    }
    margin = margins[0]
  }
}

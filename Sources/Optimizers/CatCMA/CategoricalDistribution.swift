import Randomness

/// A product of categorical distributions that follows the natural gradient, its step size adapted
/// by how much successive gradients agree (ASNG).
///
/// Reference: Hamano et al., CatCMA, arXiv 2405.09962; Akimoto et al., ICML 2019 (PMLR 97).
struct CategoricalDistribution: Sendable {
  /// One distribution per variable.
  private(set) var probabilities: [[Double]]
  /// The accumulated gradient directions, u.
  private var direction: [Double]
  private var directionNorm = 0.0
  private var trust = 1.0
  private var stepSize = 1.0
  /// Least probability per variable.
  private let floors: [Double]

  /// - Parameters:
  ///   - initial: Prior distributions, one per variable of at least two choices.
  ///   - discreteCount: Categorical and integer variables together; it sets the margin.
  init(initial: [[Double]], discreteCount: Int) {
    let floors = initial.map { Self.margin(discreteCount) / Double($0.count - 1) }
    self.floors = floors
    probabilities = zip(initial, floors).map(Self.lifted)
    direction = Array(repeating: 0, count: initial.reduce(0) { $0 + $1.count - 1 })
  }

  /// The probability of leaving the mode that is kept for each of so many discrete variables: when
  /// all have converged, a candidate still equals the mode in all with probability 0.73.
  static func margin(_ discreteCount: Int) -> Double {
    1 - Deterministic.power(0.73, 1 / Double(discreteCount))
  }

  /// The first of the most probable choices of every variable.
  var modes: [Int] {
    probabilities.map { $0.firstIndex(of: $0.max() ?? 0) ?? 0 }
  }

  /// Whether every variable has nearly all its probability on one choice.
  var hasConverged: Bool {
    zip(probabilities, floors).allSatisfy { distribution, floor in
      (distribution.max() ?? 0) >= 1 - 2 * floor * Double(distribution.count - 1)
    }
  }

  /// Whether some of `choices` of a variable is more probable than the margin alone makes it.
  func isAlive(_ variable: Int, choices: [Int]) -> Bool {
    choices.contains { probabilities[variable][$0] >= 2 * floors[variable] }
  }

  /// One choice per variable by inverse distribution function, from one uniform each.
  func sample(_ stream: RandomStream, offset: Int = 0) -> [Int] {
    probabilities.enumerated().map { variable, distribution in
      let uniform = stream.uniform(at: offset + variable)
      var sum = 0.0
      for (choice, probability) in distribution.enumerated() {
        sum += probability
        if uniform < sum { return choice }
      }
      return distribution.count - 1
    }
  }

  /// Moves towards the better of `samples`, which are in order of rank.
  mutating func update(_ samples: [[Int]], recombination: [Double]) {
    var gradients = probabilities.map { $0.map { _ in 0.0 } }
    for (sample, weight) in zip(samples, recombination) where weight > 0 {
      for (variable, choice) in sample.enumerated() {
        for index in gradients[variable].indices {
          let indicator = index == choice ? 1.0 : 0.0
          gradients[variable][index] += weight * (indicator - probabilities[variable][index])
        }
      }
    }
    // The gradient in the square root of the Fisher metric.
    var scaled: [Double] = []
    for (gradient, distribution) in zip(gradients, probabilities) {
      let last = distribution[distribution.count - 1]
      let sum = gradient.dropLast().reduce(0, +)
      for (slope, probability) in zip(gradient, distribution).dropLast() {
        let root = probability.squareRoot()
        scaled.append(slope / root + root * sum / (last + last.squareRoot()))
      }
    }
    let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard norm > 0 else { return }

    let rate = stepSize / (norm + 1e-8)
    for (variable, gradient) in gradients.enumerated() {
      let moved = zip(probabilities[variable], gradient).map { $0 + rate * $1 }
      probabilities[variable] = Self.lifted(moved, to: floors[variable])
    }

    stepSize = 1 / trust
    let beta = stepSize / Double(scaled.count).squareRoot()
    let gain = (beta * (2 - beta)).squareRoot()
    for index in direction.indices {
      direction[index] = (1 - beta) * direction[index] + gain * scaled[index] / norm
    }
    directionNorm = (1 - beta) * (1 - beta) * directionNorm + beta * (2 - beta)
    let squared = direction.reduce(0) { $0 + $1 * $1 }
    trust *= Deterministic.exp(beta * (directionNorm - squared / 1.5))
  }

  /// Lifts every probability to at least `floor`, taking the excess from the others.
  private static func lifted(_ raw: [Double], to floor: Double) -> [Double] {
    var lifted = raw.map { max($0, floor) }
    let sum = lifted.reduce(0, +)
    let room = sum - floor * Double(raw.count)
    if room > 0 { lifted = lifted.map { $0 - (sum - 1) * ($0 - floor) / room } }
    let total = lifted.reduce(0, +)
    return lifted.map { $0 / total }
  }
}

extension CategoricalDistribution: Codable {
  private enum CodingKeys: CodingKey { case probabilities, direction, scalars, floors }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(probabilities.map(ExactDoubles.init), forKey: .probabilities)
    try container.encode(ExactDoubles(direction), forKey: .direction)
    try container.encode(ExactDoubles([directionNorm, trust, stepSize]), forKey: .scalars)
    try container.encode(ExactDoubles(floors), forKey: .floors)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    probabilities = try container.decode([ExactDoubles].self, forKey: .probabilities).map(\.values)
    direction = try container.decode(ExactDoubles.self, forKey: .direction).values
    floors = try container.decode(ExactDoubles.self, forKey: .floors).values
    let scalars = try container.decode(ExactDoubles.self, forKey: .scalars).values
    guard scalars.count == 3, floors.count == probabilities.count,
      direction.count == probabilities.reduce(0, { $0 + $1.count - 1 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .scalars, in: container, debugDescription: "parts of unlike size")
    }
    directionNorm = scalars[0]
    trust = scalars[1]
    stepSize = scalars[2]
  }
}

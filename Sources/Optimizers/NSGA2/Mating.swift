import Randomness
import SearchSpaces

/// Makes the children of one generation: tournaments choose parents, crossover mixes two, mutation
/// changes one number and one category on average.
///
/// Child i is a function of the survivors, the seed, the generation and i; children 2k and 2k + 1
/// have the same parents.
/// Reference: Deb and Agrawal, Complex Systems 9, 1995 (simulated binary crossover); Deb and Goyal,
/// Computer Science and Informatics 26, 1996 (polynomial mutation).
struct Mating {
  /// Share of pairs that are crossed.
  private static let crossing = 0.9
  /// How near to their parents the children of simulated binary crossover are, η.
  private static let crossoverIndex = 15.0
  private static let mutationIndex = 20.0

  private let space: SearchSpace
  private let survivors: [NSGA2.Survivor]
  private let known: Set<[Double]>
  private let seed: UInt64
  private let generation: Int
  private let genes: [Gene]
  private let numericCount: Int
  private let categoryCount: Int

  /// - Precondition: `survivors` are in order, best first, and not empty; some parameter varies.
  init(
    space: SearchSpace, survivors: [NSGA2.Survivor], sigma: Double, seed: UInt64, generation: Int
  ) {
    self.space = space
    self.survivors = survivors
    known = Set(survivors.map(\.genome.values))
    self.seed = seed
    self.generation = generation
    genes = space.parameters.map { Gene($0.kind, sigma: sigma) }
    numericCount = genes.count(where: \.isNumeric)
    categoryCount = genes.count { if case .category = $0 { true } else { false } }
  }

  func child(_ index: Int) -> Genome {
    let pair = stream(.categories, index & ~1)
    let (mother, father) = parents(pair)
    // The two children of a pair mirror each other.
    var child = crossed(mother, father, pair, isSecond: index & 1 == 1)
    let mutation = stream(.gaussian, index)
    for (position, gene) in genes.enumerated() {
      let chance = gene.isNumeric ? numericCount : categoryCount
      guard gene.isVaried, mutation.uniform(at: 3 * position) * Double(chance) < 1 else { continue }
      child[position] = gene.mutated(child[position], mutation, at: position)
    }
    distinguish(&child, mutation)
    return Genome(values: child)
  }

  /// Changes a value of a child that repeats a survivor, whose score is known.
  private func distinguish(_ child: inout [Double], _ mutation: RandomStream) {
    let varied = genes.indices.filter { genes[$0].isVaried }
    for attempt in 1...8 where known.contains(child) {
      let draw = 3 * genes.count + attempt
      let position = varied[mutation.integer(at: draw, below: varied.count)]
      child[position] = genes[position].mutated(child[position], mutation, at: position)
    }
  }

  private func stream(_ purpose: RandomStream.Purpose, _ candidate: Int) -> RandomStream {
    RandomStream(seed: seed, purpose: purpose, generation: generation, candidate: candidate)
  }

  /// Two winners of tournaments between two, different where there are two.
  private func parents(_ pair: RandomStream) -> ([Double], [Double]) {
    let count = survivors.count
    func winner(_ draw: Int) -> Int {
      // Survivors are in the order of front and room, so the earlier one wins.
      min(pair.integer(at: draw, below: count), pair.integer(at: draw + 1, below: count))
    }
    let mother = winner(0)
    var father = winner(2)
    if father == mother { father = (mother + 1) % count }
    return (survivors[mother].genome.values, survivors[father].genome.values)
  }

  private func crossed(
    _ mother: [Double], _ father: [Double], _ pair: RandomStream, isSecond: Bool
  ) -> [Double] {
    let (own, other) = isSecond ? (father, mother) : (mother, father)
    guard pair.uniform(at: 4) < Self.crossing else { return own }
    return genes.indices.map { position in
      let draw = 6 + 3 * position
      guard pair.uniform(at: draw) < 0.5 else { return own[position] }
      let isSwapped = pair.uniform(at: draw + 1) < 0.5
      guard case .category = genes[position] else {
        return genes[position].crossed(
          mother[position], father[position], uniform: pair.uniform(at: draw + 2),
          isUpper: isSecond != isSwapped, index: Self.crossoverIndex)
      }
      return other[position]
    }
  }

  /// How one parameter varies.
  private enum Gene {
    case real(lower: Double, upper: Double, width: Double)
    case integer(lower: Double, upper: Double)
    case category(count: Int)

    init(_ kind: SearchParameter.Kind, sigma: Double) {
      switch kind {
      case .real(let range?, _, _):
        self = .real(
          lower: range.lowerBound, upper: range.upperBound,
          width: range.upperBound - range.lowerBound)
      case .real(nil, _, let step):
        self = .real(lower: -.infinity, upper: .infinity, width: (step ?? 1) / sigma)
      case .integer(let range, _, _):
        self = .integer(lower: Double(range.lowerBound), upper: Double(range.upperBound))
      case .categorical(let choices, _): self = .category(count: choices.count)
      }
    }

    var isNumeric: Bool { if case .category = self { false } else { true } }

    var isVaried: Bool {
      switch self {
      case .real: true
      case .integer(let lower, let upper): lower < upper
      case .category(let count): count > 1
      }
    }

    private var bounds: (lower: Double, upper: Double) {
      switch self {
      case .real(let lower, let upper, _), .integer(let lower, let upper): (lower, upper)
      case .category(let count): (0, Double(count - 1))
      }
    }

    private func held(_ value: Double) -> Double {
      let whole = if case .real = self { value } else { value.rounded() }
      return min(max(whole, bounds.lower), bounds.upper)
    }

    /// One of the two children's values, spread about the parents' as bounds allow.
    func crossed(
      _ first: Double, _ second: Double, uniform: Double, isUpper: Bool, index: Double
    ) -> Double {
      let (low, high) = (min(first, second), max(first, second))
      guard high - low > 1e-14 * max(1, abs(low)) else { return first }
      let room = isUpper ? bounds.upper - high : low - bounds.lower
      let reach = 1 + 2 * room / (high - low)
      let alpha = 2 - (reach < .infinity ? Deterministic.power(reach, -(index + 1)) : 0)
      let mass = uniform * alpha
      let spread = Deterministic.power(
        mass <= 1 ? max(mass, 1e-300) : 1 / (2 - mass), 1 / (index + 1))
      let half = 0.5 * spread * (high - low)
      return held(0.5 * (low + high) + (isUpper ? half : -half))
    }

    /// Draws 1 and 2 of the parameter's three decide.
    func mutated(_ value: Double, _ stream: RandomStream, at position: Int) -> Double {
      let (first, second) = (
        stream.uniform(at: 3 * position + 1), stream.uniform(at: 3 * position + 2)
      )
      switch self {
      case .real(let lower, let upper, let width):
        let share = 1 / (Mating.mutationIndex + 1)
        // Shares of the width that lie below and above; nothing limits an unbounded one.
        let (below, above) = (min((value - lower) / width, 1), min((upper - value) / width, 1))
        func tail(_ rest: Double) -> Double {
          rest > 0 ? Deterministic.power(rest, Mating.mutationIndex + 1) : 0
        }
        let step =
          first < 0.5
          ? Deterministic.power(
            max(2 * first + (1 - 2 * first) * tail(1 - below), 1e-300), share) - 1
          : 1
            - Deterministic.power(
              max(2 * (1 - first) + (2 * first - 1) * tail(1 - above), 1e-300), share)
        return held(value + step * width)
      case .integer(let lower, let upper):
        // A geometric step of at least 1, halving in probability, turned round at a bound.
        let size = 1 + (-Deterministic.log(1 - first) / Deterministic.log(2)).rounded(.down)
        let isUp = value == lower || value < upper && second < 0.5
        return held(value + (isUp ? size : -size))
      case .category(let count):
        let other = min((first * Double(count - 1)).rounded(.down), Double(count - 2))
        return other < value ? other : other + 1
      }
    }
  }
}

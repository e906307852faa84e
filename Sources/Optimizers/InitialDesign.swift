import Diagnostics
import Randomness
import SearchSpaces

/// Independent candidates, numbered, from the whole space or around the start.
struct InitialDesign: Sendable {
  /// Where candidates are drawn from.
  enum Source: String, Sendable, Codable {
    /// Uniform over every range, categories by their initial probabilities; unbounded parameters
    /// are normal around their start.
    case space
    /// Likewise, every parameter's range cut into as many slices as the budget has evaluations, each
    /// slice used once.
    case latinHypercube
    /// The initial distribution of ``CatCMA``.
    case start
  }

  struct Candidate: Sendable {
    let genome: Genome
    /// The coordinates that the genome was read off.
    let point: [Double]
  }

  let space: SearchSpace
  let settings: OptimizerSettings
  let seed: UInt64
  private let coordinates: Coordinates
  private let initial: CatCMA.Distributions
  /// Candidates per generation of ``CatCMA``.
  let populationSize: Int

  init(space: SearchSpace, settings: OptimizerSettings, seed: UInt64) throws(Diagnostic) {
    try settings.check()
    // Nothing is learnt from scores here, however many there are.
    var single = settings
    single.objectives = 1
    let reference = try CatCMA(space: space, settings: single, seed: seed)
    self.space = space
    self.settings = settings
    self.seed = seed
    coordinates = reference.coordinates
    initial = reference.state.distributions
    populationSize = reference.populationSize
  }

  /// Parameters that vary.
  var dimension: Int { coordinates.gaussianCount + coordinates.categories.count }

  var start: Genome { settings.initialMean ?? space.start }

  /// A function of the seed and the number; but for the Latin hypercube, whose slices follow the
  /// budget, a longer search contains a shorter one.
  func candidate(_ number: Int, run: Int, from source: Source) -> Candidate {
    let stream = RandomStream(seed: seed, purpose: .initialDesign, run: run, candidate: number)
    switch source {
    case .start:
      // The categories' uniforms lie in blocks after those of the normals.
      let drawn = initial.candidate(
        coordinates, gaussian: stream, categories: stream,
        categoryOffset: (coordinates.gaussianCount + 1) / 2 * 2)
      return Candidate(genome: drawn.genome, point: drawn.point)
    case .space:
      let values = space.parameters.enumerated().map { position, parameter in
        value(of: parameter, at: position, uniform: stream.uniform(at: position))
      }
      return Candidate(genome: Genome(values: values), point: values)
    case .latinHypercube:
      let slices = max(1, settings.budget)
      let values = space.parameters.enumerated().map { position, parameter in
        // Generation 0 of this purpose are the candidates themselves; beyond the budget another order.
        let order = KeyedPermutation(
          count: slices,
          stream: RandomStream(
            seed: seed, purpose: .initialDesign, run: run, generation: 1 + number / slices,
            candidate: position))
        let slice = Double(order(number % slices))
        return value(
          of: parameter, at: position,
          uniform: (slice + stream.uniform(at: position)) / Double(slices))
      }
      return Candidate(genome: Genome(values: values), point: values)
    }
  }

  private func value(of parameter: SearchParameter, at position: Int, uniform: Double) -> Double {
    switch parameter.kind {
    case .real(let range?, _, _):
      return min(
        range.lowerBound + uniform * (range.upperBound - range.lowerBound), range.upperBound)
    case .real(nil, let start, let step):
      let center = settings.initialMean?.values[position] ?? start
      return center + (step ?? 1) * Deterministic.normalQuantile(uniform + 0x1p-54)
    case .integer(let range, _, _):
      let offset = (uniform * Double(range.upperBound - range.lowerBound + 1)).rounded(.down)
      return min(Double(range.lowerBound) + offset, Double(range.upperBound))
    case .categorical:
      guard
        let category = coordinates.categories.first(where: { $0.parameter == position })
      else { return 0 }
      var sum = 0.0
      for (choice, probability) in category.initial.enumerated() {
        sum += probability
        if uniform < sum { return Double(choice) }
      }
      return Double(category.initial.lastIndex { $0 > 0 } ?? 0)
    }
  }
}

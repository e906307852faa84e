import Diagnostics
import Randomness
import SearchSpaces

/// How a search space becomes Gaussian coordinates and categorical variables.
///
/// Reals are scaled so that their range is [0, 1] and enter through the boundary map; a parameter
/// with a step of its own is scaled so that the step is the initial standard deviation. Integers
/// are scaled likewise and read off by thresholds; two-valued integers and categories become
/// categorical variables; parameters with a single value are constants.
struct Coordinates: Sendable {
  struct Real: Sendable {
    let parameter: Int
    /// The user's value at coordinate 0.
    let origin: Double
    /// The user's units per unit of the coordinate.
    let scale: Double
    /// nil: unbounded.
    let map: BoundaryMap?
    /// The width of the range in coordinate units; 1 for an unbounded coordinate.
    let width: Double
  }

  struct Integer: Sendable {
    let parameter: Int
    let lowest: Double
    let scale: Double
    /// Number of values.
    let levels: Int

    /// The coordinate of a level counted from 0.
    func position(of level: Int) -> Double { Double(level) / scale }
    /// The coordinate halfway between levels `index` and `index + 1`.
    func threshold(_ index: Int) -> Double { (Double(index) + 0.5) / scale }

    /// The user's value there, between two levels too; inside the range.
    func value(at coordinate: Double) -> Double {
      lowest + min(max(coordinate * scale, 0), Double(levels - 1))
    }

    /// The level whose cell holds `coordinate`; thresholds belong to the cell below.
    func level(at coordinate: Double) -> Int {
      let cell = (coordinate * scale - 0.5).rounded(.up)
      return Int(min(max(cell, 0), Double(levels - 1)))
    }
  }

  struct Category: Sendable {
    let parameter: Int
    /// The genome value of the first choice.
    let lowest: Double
    let initial: [Double]
    var count: Int { initial.count }
  }

  let space: SearchSpace
  /// Gaussian coordinates 0 ..< reals.count.
  let reals: [Real]
  /// The Gaussian coordinates after the reals.
  let integers: [Integer]
  let categories: [Category]
  let constants: [(parameter: Int, value: Double)]
  let initialMean: [Double]
  /// σ₀, the initial step in all coordinates.
  let sigma: Double

  var gaussianCount: Int { reals.count + integers.count }
  var discreteCount: Int { integers.count + categories.count }

  init(_ space: SearchSpace, settings: OptimizerSettings) throws(Diagnostic) {
    let location = "search space"
    if let mean = settings.initialMean { try space.validate(mean, at: "initial mean") }
    let start = settings.initialMean?.values
    var reals: [(Real, Double)] = []
    var integers: [(Integer, Double)] = []
    var categories: [Category] = []
    var constants: [(parameter: Int, value: Double)] = []
    for (index, parameter) in space.parameters.enumerated() {
      switch parameter.kind {
      case .real(let range, let given, let step):
        let real = Self.real(index, range, start: given, step: step, sigma: settings.sigma)
        let coordinate = ((start?[index] ?? given) - real.origin) / real.scale
        reals.append((real, real.map?.inverse(coordinate) ?? coordinate))
      case .integer(let range, let given, let step):
        let value = start?[index] ?? given
        switch range.count {
        case 1: constants.append((index, Double(range.lowerBound)))
        case 2:
          // Certain starts become the same preference as a chosen category's.
          let upper = 0.3 + 0.4 * (value - Double(range.lowerBound))
          categories.append(
            Category(
              parameter: index, lowest: Double(range.lowerBound), initial: [1 - upper, upper]))
        default:
          let scale = step.map { $0 / settings.sigma } ?? Double(range.count - 1)
          let integer = Integer(
            parameter: index, lowest: Double(range.lowerBound), scale: scale, levels: range.count)
          integers.append((integer, (value - integer.lowest) / scale))
        }
      case .categorical(let choices, let prior):
        guard choices.count > 1 else {
          constants.append((index, 0))
          continue
        }
        let initial = settings.initialProbabilities[parameter.name] ?? prior
        categories.append(
          Category(
            parameter: index, lowest: 0,
            initial: try Self.probabilities(initial, of: parameter, choices: choices.count)))
      }
    }
    guard !reals.isEmpty || !integers.isEmpty || !categories.isEmpty else {
      throw Diagnostic(
        "there is nothing to search: no parameter has more than one value", at: location,
        fix: "add a parameter, or widen a range")
    }
    self.space = space
    self.reals = reals.map(\.0)
    self.integers = integers.map(\.0)
    self.categories = categories
    self.constants = constants
    initialMean = reals.map(\.1) + integers.map(\.1)
    sigma = settings.sigma
  }

  private static func real(
    _ parameter: Int, _ range: ClosedRange<Double>?, start: Double, step: Double?, sigma: Double
  ) -> Real {
    guard let range else {
      return Real(
        parameter: parameter, origin: start, scale: (step ?? 1) / sigma, map: nil, width: 1)
    }
    let length = range.upperBound - range.lowerBound
    let scale = step.map { $0 / sigma } ?? length
    return Real(
      parameter: parameter, origin: range.lowerBound, scale: scale,
      map: BoundaryMap(lower: 0, upper: length / scale), width: length / scale)
  }

  private static func probabilities(
    _ initial: [Double]?, of parameter: SearchParameter, choices: Int
  ) throws(Diagnostic) -> [Double] {
    guard let initial else { return Array(repeating: 1 / Double(choices), count: choices) }
    let sum = initial.reduce(0, +)
    guard initial.count == choices, initial.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-6 else {
      throw Diagnostic(
        "\(initial) is no distribution over \(choices) choices",
        at: "initial probabilities of '\(parameter.name)'",
        fix: "give one probability per choice, summing to 1")
    }
    return initial.map { $0 / sum }
  }

  /// Of the Gaussian coordinates.
  var gaussianParameters: [Int] { reals.map(\.parameter) + integers.map(\.parameter) }
  /// The user's units per unit of each Gaussian coordinate.
  var scales: [Double] { reals.map(\.scale) + integers.map(\.scale) }
  /// The range of each Gaussian coordinate, in its units; 1 for unbounded ones.
  var widths: [Double] {
    reals.map(\.width) + integers.map { Double($0.levels - 1) / $0.scale }
  }

  /// The Gaussian coordinates of a genome; those of integers may lie between two levels.
  func point(of genome: Genome) -> [Double] {
    reals.map { real in
      let coordinate = (genome.values[real.parameter] - real.origin) / real.scale
      return real.map?.inverse(coordinate) ?? coordinate
    } + integers.map { (genome.values[$0.parameter] - $0.lowest) / $0.scale }
  }

  /// A mean to begin anew at: uniform over bounded coordinates and within two initial steps of the
  /// start of unbounded ones.
  func freshMean(_ stream: RandomStream) -> [Double] {
    let fresh = reals.enumerated().map { index, real in
      let uniform = stream.uniform(at: index)
      guard let map = real.map else { return initialMean[index] + (4 * uniform - 2) * sigma }
      return map.inverse(min(uniform * real.width, map.upper))
    }
    return fresh
      + integers.enumerated().map { index, integer in
        stream.uniform(at: reals.count + index) * Double(integer.levels - 1) / integer.scale
      }
  }

  /// The genome of a Gaussian point, its integers taken from `scaled`, and one level per category.
  func genome(point: [Double], categories levels: [Int]) -> Genome {
    var values = [Double](repeating: 0, count: space.parameters.count)
    for (index, real) in reals.enumerated() {
      let inside = real.map.map { $0(point[index]) } ?? point[index]
      let value = real.origin + real.scale * inside
      let bounds = space.parameters[real.parameter].kind.realRange
      values[real.parameter] = bounds.map { min(max(value, $0.lowerBound), $0.upperBound) } ?? value
    }
    for (index, integer) in integers.enumerated() {
      values[integer.parameter] =
        integer.lowest + Double(integer.level(at: point[reals.count + index]))
    }
    for (category, level) in zip(categories, levels) {
      values[category.parameter] = category.lowest + Double(level)
    }
    for constant in constants { values[constant.parameter] = constant.value }
    return Genome(values: values)
  }
}

extension SearchParameter.Kind {
  fileprivate var realRange: ClosedRange<Double>? {
    if case .real(let range, _, _) = self { return range }
    return nil
  }
}

import Diagnostics
import Randomness
import SearchSpaces

extension CatCMA.Distributions {
  /// Standard deviation that results are blurred with, α, and that an interpolated distribution
  /// gets in addition; as shares of a range.
  private static let blur = (results: 0.1, distribution: 0.05)
  /// Share of every category's probability that is spread evenly, ε.
  private static let openness = 0.3

  /// Replaces the initial distribution by what a warm start says, `sigma` being that of coordinates
  /// of which it says nothing.
  mutating func begin(
    at start: WarmStart, _ coordinates: Coordinates, sigma: Double, _ mode: CovarianceMode
  ) throws(Diagnostic) {
    switch start {
    case .results(let results, let share):
      let best = WarmStart.best(results, share: share)
      guard !best.isEmpty, share > 0, share <= 1 else {
        throw Diagnostic(
          "\(results.count) results, of which the best \(share) count, say nothing",
          at: "warm start", fix: "give results with finite scores, and a share in 0...1")
      }
      for genome in best { try coordinates.space.validate(genome, at: "warm start") }
      begin(at: best, coordinates, mode)
    case .distribution(let distribution):
      begin(at: distribution, coordinates, sigma: sigma, mode)
    }
  }

  private mutating func begin(
    at best: [Genome], _ coordinates: Coordinates, _ mode: CovarianceMode
  ) {
    let points = best.map(coordinates.point)
    let share = 1 / Double(points.count)
    let mean = coordinates.initialMean.indices.map { column in
      share * points.reduce(0) { $0 + $1[column] }
    }
    var matrix = SquareMatrix(size: mean.count)
    for (row, width) in coordinates.widths.enumerated() {
      for column in 0...row {
        matrix[row, column] =
          share * points.reduce(0) { $0 + ($1[row] - mean[row]) * ($1[column] - mean[column]) }
      }
      matrix[row, row] += Self.blur.results * width * Self.blur.results * width
    }
    set(mean: mean, matrix, mode)
    let frequencies = coordinates.categories.map { category in
      var counts = [Double](repeating: 0, count: category.count)
      for genome in best {
        counts[Int(genome.values[category.parameter] - category.lowest)] += share
      }
      return counts
    }
    categories = CategoricalDistribution(
      initial: frequencies.map(Self.opened), discreteCount: coordinates.discreteCount)
  }

  private mutating func begin(
    at start: SearchDistribution, _ coordinates: Coordinates, sigma: Double,
    _ mode: CovarianceMode
  ) {
    var columns: [Int: Int] = [:]
    for (column, parameter) in start.parameters.enumerated() { columns[parameter] = column }
    let known = coordinates.gaussianParameters.map { columns[$0] }
    let scales = coordinates.scales
    var values = coordinates.space.start.values
    for (column, parameter) in start.parameters.enumerated() {
      values[parameter] = start.mean[column]
    }
    let point = coordinates.point(of: Genome(values: values))
    let mean = point.indices.map { known[$0] == nil ? coordinates.initialMean[$0] : point[$0] }
    var matrix = SquareMatrix(size: mean.count)
    let size = start.parameters.count
    for (row, width) in coordinates.widths.enumerated() {
      guard let left = known[row] else {
        matrix[row, row] = sigma * sigma
        continue
      }
      for column in 0...row {
        guard let right = known[column] else { continue }
        matrix[row, column] = start.covariance[left * size + right] / (scales[row] * scales[column])
      }
      matrix[row, row] += Self.blur.distribution * width * Self.blur.distribution * width
    }
    set(mean: mean, matrix, mode)
    categories = CategoricalDistribution(
      initial: coordinates.categories.map { category in
        guard let learned = start.probabilities[category.parameter],
          learned.count == category.count
        else { return category.initial }
        return Self.opened(learned)
      }, discreteCount: coordinates.discreteCount)
  }

  private static func opened(_ probabilities: [Double]) -> [Double] {
    probabilities.map { (1 - openness) * $0 + openness / Double(probabilities.count) }
  }

  /// N(mean, Σ) with σ = det(Σ)^(1/2n) and C = Σ / σ²; the diagonal variant keeps the diagonal.
  private mutating func set(mean: [Double], _ covariance: SquareMatrix, _ mode: CovarianceMode) {
    guard !mean.isEmpty else { return }
    let size = covariance.size
    let diagonal = (0..<size).map { covariance[$0, $0] }
    let logarithm =
      switch mode {
      case .full: covariance.logarithmOfDeterminant
      case .diagonal: diagonal.reduce(0) { $0 + Deterministic.log($1) }
      }
    let variance = Deterministic.exp(logarithm / Double(size))
    let shape: Covariance
    switch mode {
    case .diagonal: shape = .diagonal(diagonal.map { $0 / variance })
    case .full:
      var matrix = covariance
      for lane in matrix.lanes.indices { matrix.lanes[lane] /= Lanes(repeating: variance) }
      shape = .full(FullCovariance(lowerTriangleOf: matrix))
    }
    gaussian = GaussianDistribution(mean: mean, sigma: variance.squareRoot(), covariance: shape)
  }
}

extension SquareMatrix {
  /// ln det of a positive definite matrix, of which the lower triangle is read, by Cholesky's
  /// decomposition: the determinant itself leaves the range of numbers at a few hundred rows.
  var logarithmOfDeterminant: Double {
    var root = SquareMatrix(size: size)
    var sum = 0.0
    for row in 0..<size {
      for column in 0...row {
        var rest = self[row, column]
        for index in 0..<column { rest -= root[row, index] * root[column, index] }
        if column < row {
          root[row, column] = rest / root[column, column]
        } else {
          let pivot = max(rest, .leastNormalMagnitude)
          root[row, row] = pivot.squareRoot()
          sum += Deterministic.log(pivot)
        }
      }
    }
    return sum
  }
}

extension CatCMA {
  public var learned: SearchDistribution? {
    var mean: [Double] = []
    var covariance: [Double] = []
    if let gaussian = state.distributions.gaussian {
      let center = coordinates.genome(
        point: gaussian.mean, categories: state.distributions.categories.modes)
      let margins = coordinates.reals.map { _ in 1.0 } + state.distributions.margin.scales
      let units = zip(coordinates.scales, margins).map { gaussian.sigma * $0 * $1 }
      for (row, parameter) in coordinates.gaussianParameters.enumerated() {
        // An integer's mean may lie between two levels.
        let isReal = row < coordinates.reals.count
        mean.append(
          isReal
            ? center.values[parameter]
            : coordinates.integers[row - coordinates.reals.count].value(at: gaussian.mean[row]))
        for column in units.indices {
          covariance.append(units[row] * units[column] * gaussian.covariance[row, column])
        }
      }
    }
    var probabilities: [Int: [Double]] = [:]
    for (category, distribution) in zip(
      coordinates.categories, state.distributions.categories.probabilities)
    {
      probabilities[category.parameter] = distribution
    }
    return SearchDistribution(
      parameters: coordinates.gaussianParameters, mean: mean, covariance: covariance,
      probabilities: probabilities)
  }
}

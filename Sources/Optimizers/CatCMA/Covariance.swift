/// The shape of a Gaussian: a full matrix, or variances alone (sep-CMA-ES).
///
/// Reference for the diagonal: Ros and Hansen, PPSN 2008.
enum Covariance: Sendable {
  case full(FullCovariance)
  case diagonal([Double])

  init(_ mode: CovarianceMode, dimension: Int) {
    switch mode {
    case .full: self = .full(FullCovariance(dimension: dimension))
    case .diagonal: self = .diagonal(Array(repeating: 1, count: dimension))
    }
  }

  var variances: [Double] {
    switch self {
    case .full(let covariance): covariance.variances
    case .diagonal(let variances): variances
    }
  }

  subscript(row: Int, column: Int) -> Double {
    switch self {
    case .full(let covariance): covariance[row, column]
    case .diagonal(let variances): row == column ? variances[row] : 0
    }
  }

  /// Ratio of the largest to the smallest eigenvalue.
  var condition: Double {
    switch self {
    case .full(let covariance): covariance.condition
    case .diagonal(let variances): (variances.max() ?? 1) / (variances.min() ?? 1)
    }
  }

  /// Smallest and largest standard deviation along the principal axes.
  var extremes: (least: Double, most: Double) {
    switch self {
    case .full(let covariance): (covariance.roots.min() ?? 1, covariance.roots.max() ?? 1)
    case .diagonal(let variances):
      ((variances.min() ?? 1).squareRoot(), (variances.max() ?? 1).squareRoot())
    }
  }

  /// The k-th principal axis, scaled by its standard deviation.
  func axis(_ index: Int) -> [Double] {
    switch self {
    case .full(let covariance): return covariance.axis(index)
    case .diagonal(let variances):
      var axis = [Double](repeating: 0, count: variances.count)
      axis[index] = variances[index].squareRoot()
      return axis
    }
  }

  /// y = C^½ z.
  func transform(_ z: PaddedVector) -> PaddedVector {
    switch self {
    case .full(let covariance): return covariance.transform(z)
    case .diagonal(let variances):
      return PaddedVector(variances.enumerated().map { $0.element.squareRoot() * z[$0.offset] })
    }
  }

  /// z = C^−½ y.
  func whiten(_ y: PaddedVector) -> PaddedVector {
    switch self {
    case .full(let covariance): return covariance.whiten(y)
    case .diagonal(let variances):
      return PaddedVector(variances.enumerated().map { y[$0.offset] / $0.element.squareRoot() })
    }
  }

  /// C ← decay · C + Σ weight y yᵀ.
  mutating func update(decay: Double, terms: [(weight: Double, y: PaddedVector)]) {
    switch self {
    case .full(var covariance):
      self = .diagonal([])  // gives up the second reference, so that the matrix changes in place
      covariance.update(decay: decay, terms: terms)
      self = .full(covariance)
    case .diagonal(var variances):
      for index in variances.indices {
        var variance = decay * variances[index]
        for term in terms { variance += term.weight * term.y[index] * term.y[index] }
        variances[index] = max(variance, .leastNormalMagnitude)
      }
      self = .diagonal(variances)
    }
  }

  /// Lets samples follow the matrix again, a full one at most every `gap` updates.
  mutating func refresh(gap: Int) {
    guard case .full(var covariance) = self else { return }
    self = .diagonal([])
    covariance.refresh(gap: gap)
    self = .full(covariance)
  }

  /// Multiplies standard deviations of coordinates.
  mutating func rescale(_ factors: [(index: Int, factor: Double)]) {
    switch self {
    case .full(var covariance):
      self = .diagonal([])
      covariance.rescale(factors)
      self = .full(covariance)
    case .diagonal(var variances):
      for (index, factor) in factors { variances[index] *= factor * factor }
      self = .diagonal(variances)
    }
  }
}

extension Covariance: Codable {
  private enum CodingKeys: CodingKey { case full, diagonal }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .full(let covariance): try container.encode(covariance, forKey: .full)
    case .diagonal(let variances):
      try container.encode(ExactDoubles(variances), forKey: .diagonal)
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.full) {
      self = .full(try container.decode(FullCovariance.self, forKey: .full))
    } else {
      self = .diagonal(try container.decode(ExactDoubles.self, forKey: .diagonal).values)
    }
  }
}

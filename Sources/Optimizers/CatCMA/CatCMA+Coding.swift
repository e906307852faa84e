import SearchSpaces

extension CatCMA {
  private enum CodingKeys: CodingKey { case space, settings, seed, covariance, origin, state }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(space, forKey: .space)
    try container.encode(settings, forKey: .settings)
    try container.encode(seed, forKey: .seed)
    try container.encode(covarianceMode, forKey: .covariance)
    try container.encodeIfPresent(origin, forKey: .origin)
    try container.encode(state, forKey: .state)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let space = try container.decode(SearchSpace.self, forKey: .space)
    let settings = try container.decode(OptimizerSettings.self, forKey: .settings)
    let coordinates = try Coordinates(space, settings: settings)
    let state = try container.decode(State.self, forKey: .state)
    let distributions = state.distributions
    guard (distributions.gaussian?.dimension ?? 0) == coordinates.gaussianCount,
      distributions.margin.scales.count == coordinates.integers.count,
      distributions.categories.probabilities.map(\.count) == coordinates.categories.map(\.count)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .state, in: container,
        debugDescription: "the distribution does not belong to the space")
    }
    self.init(
      space: space, settings: settings, seed: try container.decode(UInt64.self, forKey: .seed),
      mode: try container.decode(CovarianceMode.self, forKey: .covariance),
      origin: try container.decodeIfPresent(String.self, forKey: .origin),
      coordinates: coordinates, state: state)
  }
}

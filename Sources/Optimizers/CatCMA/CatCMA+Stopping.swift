extension CatCMA {
  public var warning: String? {
    state.history.isFlat
      ? "the objective is flat: the best quarter of each of the last five generations has equal "
        + "scores; it needs more questions"
      : nil
  }

  func reasonToStop() -> Termination? {
    if state.history.voidGenerations >= 3 { return .failingCandidates }
    let dimension = coordinates.gaussianCount
    if state.history.isStagnant(populationSize: populationSize, dimension: dimension) {
      return .stagnation
    }
    if settings.noise == .none {
      if state.history.isConstant(populationSize: populationSize, dimension: dimension) {
        return .scoresConstant
      }
      if coordinates.discreteCount == 0, state.history.hasEqualScores(dimension: dimension) {
        return .scoresEqual
      }
    }
    guard let gaussian = state.distributions.gaussian else { return nil }
    if gaussian.covariance.condition > 1e14 { return .illConditioned }
    guard state.distributions.categories.hasConverged else { return nil }
    return gaussian.reasonToStop(
      coordinates, initialSigma: state.initialSigma, noise: settings.noise,
      margin: state.distributions.margin)
  }
}

extension GaussianDistribution {
  /// The criteria that look at the distribution alone.
  fileprivate func reasonToStop(
    _ coordinates: Coordinates, initialSigma: Double, noise: OptimizerSettings.Noise,
    margin: IntegerMargin
  ) -> Termination? {
    let deviations = standardDeviations
    let paths = pathDeviations
    let isSmall = coordinates.reals.enumerated().allSatisfy { index, real in
      let least = noise == .none ? 1e-12 * initialSigma : 1e-3 * real.width
      return deviations[index] < least && paths[index] < least
    }
    if isSmall, coordinates.integers.isEmpty { return .stepsTooSmall }
    if sigma * covariance.extremes.most > 1e4 * initialSigma { return .diverged }
    let axis = covariance.axis(updates % dimension)
    if mean.indices.allSatisfy({ mean[$0] == mean[$0] + 0.1 * sigma * axis[$0] }) {
      return .noEffectAxis
    }
    let scales = coordinates.reals.map { _ in 1.0 } + margin.scales
    let isStuck = mean.indices.contains { index in
      mean[index] == mean[index] + 0.2 * deviations[index] * scales[index]
    }
    return isStuck ? .noEffectCoordinate : nil
  }
}

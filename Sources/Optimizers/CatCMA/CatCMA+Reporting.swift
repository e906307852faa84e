import SearchSpaces

extension CatCMA {
  public var covariance: String? {
    state.distributions.gaussian == nil ? nil : covarianceMode.rawValue
  }

  public var decisions: [String] {
    let dimension = coordinates.gaussianCount
    let discrete = coordinates.categories.count
    var lines = [
      "dimension: \(dimension) numeric (\(coordinates.integers.count) of them integer), "
        + "\(discrete) categorical",
      "population: \(populationSize) candidates per generation"
        + (settings.populationSize == nil ? "" : ", as asked for"),
    ]
    if dimension > 0 { lines.append("covariance: \(covarianceMode.rawValue), \(covarianceReason)") }
    if let origin { lines.append("warm start: \(origin)") }
    switch settings.restarts {
    case .none: break
    case .ipop: lines.append("restarts: IPOP, each with twice the population of the one before")
    case .bipop: lines.append("restarts: BIPOP, large populations and small steps in turn")
    }
    return lines
  }

  private var covarianceReason: String {
    guard settings.covariance == .auto else { return "as asked for" }
    let dimension = coordinates.gaussianCount
    guard dimension > 1 else { return "since there is one number" }
    let time = Int(
      LearningRates.learningTime(dimension: dimension, covariance: .full).rounded(.up))
    return covarianceMode == .full
      ? "since the budget of \(settings.budget) evaluations covers the \(time) in which a full "
        + "one is learnt"
      : "since the budget of \(settings.budget) evaluations is below the \(time) in which a full "
        + "one is learnt"
  }

  /// What the present run's distribution recommends.
  var ownRecommendation: Recommendation {
    let categories = state.distributions.categories
    let mean = coordinates.genome(
      point: state.distributions.gaussian?.mean ?? [], categories: categories.modes)
    return Recommendation(
      mean: mean,
      combinations: CategoryCombination.mostProbable(
        3, space: space,
        variables: zip(coordinates.categories, categories.probabilities).map {
          .init(parameter: $0.parameter, lowest: $0.lowest, probabilities: $1)
        }))
  }

  public var distribution: [ParameterDistribution] {
    var shapes = space.parameters.map { _ in ParameterDistribution.Shape.fixed }
    if let gaussian = state.distributions.gaussian {
      let deviations = gaussian.standardDeviations
      let mean = coordinates.genome(
        point: gaussian.mean, categories: state.distributions.categories.modes)
      for (index, real) in coordinates.reals.enumerated() {
        shapes[real.parameter] = .spread(
          mean: mean.values[real.parameter], standardDeviation: deviations[index] * real.scale)
      }
      for (index, integer) in coordinates.integers.enumerated() {
        let column = coordinates.reals.count + index
        shapes[integer.parameter] = .spread(
          mean: integer.lowest + gaussian.mean[column] * integer.scale,
          standardDeviation: deviations[column] * state.distributions.margin.scales[index]
            * integer.scale)
      }
    }
    for (category, probabilities) in zip(
      coordinates.categories, state.distributions.categories.probabilities)
    {
      shapes[category.parameter] = .probabilities(probabilities)
    }
    return zip(space.parameters, shapes).map { ParameterDistribution(name: $0.name, shape: $1) }
  }
}

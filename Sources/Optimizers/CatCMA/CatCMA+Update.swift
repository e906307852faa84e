import SearchSpaces

extension CatCMA {
  mutating func update(_ ranking: Ranking) {
    let present = ranking.order.count
    let isVoid =
      2 * ranking.invalidCount > present
      || present < populationSize && (present < parentCount + 1 || 2 * present < populationSize)
    guard !isVoid else {
      state.history.recordVoid()
      return
    }
    let ranked = ranking.order.map { sampled[$0] }
    let weights = present == populationSize ? weights : RecombinationWeights(lambda: present)
    let recombination = ranking.averaged(weights.positive)
    if let rates {
      let used =
        present == populationSize
        ? rates
        : rates.reduced(
          to: present, dimension: coordinates.gaussianCount, covariance: covarianceMode)
      var covarianceWeights = ranking.averaged(used.covarianceWeights)
      for rank in present - ranking.invalidCount..<present {
        covarianceWeights[rank] = max(0, covarianceWeights[rank])
      }
      updateGaussian(
        ranked, recombination: recombination, weights: covarianceWeights, rates: used)
    }
    state.distributions.categories.update(ranked.map(\.categories), recombination: recombination)
    state.history.record(
      ranking.scores, populationSize: populationSize, dimension: coordinates.gaussianCount)
  }

  private mutating func updateGaussian(
    _ ranked: [Candidate], recombination: [Double], weights: [Double], rates: LearningRates
  ) {
    guard var gaussian = state.distributions.gaussian else { return }
    state.distributions.gaussian = nil  // so that the matrix changes in place
    var steps = ranked.compactMap(\.step)
    let offset = coordinates.reals.count
    var successes: [Bool] = []
    if !coordinates.integers.isEmpty {
      let selected = recombination.indices.filter { recombination[$0] > 0 }
      var points = selected.map { ranked[$0].point }
      successes = IntegerMargin.center(
        &points, coordinates: coordinates.integers, offset: offset, mean: gaussian.mean)
      for (row, rank) in selected.enumerated() {
        for index in coordinates.integers.indices
        where points[row][offset + index] != ranked[rank].point[offset + index] {
          let spread = gaussian.sigma * state.distributions.margin.scales[index]
          steps[rank].y[offset + index] =
            (points[row][offset + index] - gaussian.mean[offset + index]) / spread
          steps[rank].isRepaired = true
        }
      }
    }
    gaussian.update(steps, recombination: recombination, weights: weights, rates: rates)
    if !coordinates.integers.isEmpty {
      state.distributions.margin.correct(
        mean: &gaussian.mean, deviations: gaussian.standardDeviations,
        coordinates: coordinates.integers, offset: offset, successes: successes)
    }
    gaussian.rescale(explorationFactors(gaussian.standardDeviations))
    gaussian.refresh(rates)
    state.distributions.gaussian = gaussian
  }

  /// What caps the standard deviation of bounded coordinates at a third of their range, since a folded
  /// distribution that is wider says nothing; and, where scores are samples, keeps a floor of 1 % of
  /// the range, 5 % for a conditional parameter whose choices are still alive.
  private func explorationFactors(_ deviations: [Double]) -> [(index: Int, factor: Double)] {
    var factors: [(index: Int, factor: Double)] = []
    for (index, real) in coordinates.reals.enumerated() {
      let most = real.map == nil ? .infinity : real.width / 3
      let least = settings.noise == .none ? 0 : real.width * floorShare(real.parameter)
      let wanted = min(max(deviations[index], least), most)
      if wanted != deviations[index] { factors.append((index, wanted / deviations[index])) }
    }
    return factors
  }

  private func floorShare(_ parameter: Int) -> Double {
    let conditions = space.parameters[parameter].activeWhen
    guard !conditions.isEmpty else { return 0.01 }
    let isAlive = conditions.allSatisfy { condition in
      condition.parameters.contains { name in
        guard
          let variable = coordinates.categories.firstIndex(where: {
            space.parameters[$0.parameter].name == name
          })
        else { return true }
        let category = coordinates.categories[variable]
        let choices = condition.values.compactMap { text in
          space.parameters[category.parameter].kind.value(named: text).map {
            Int($0 - category.lowest)
          }
        }
        return state.distributions.categories.isAlive(variable, choices: choices)
      }
    }
    return isAlive ? 0.05 : 0.01
  }
}

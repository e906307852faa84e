import Randomness

extension CatCMA {
  /// Counts the evaluations of the closed generation and says whether another run begins.
  mutating func isRestartDue(_ reason: Termination?, evaluations: Int) -> Bool {
    state.restarts?.count(evaluations)
    guard let restarts = state.restarts, reason != .failingCandidates else { return false }
    return reason != nil || restarts.isRunSpent
  }

  /// Begins the next run: a fresh mean, no covariance learnt, the initial probabilities.
  mutating func restart(after outcomes: [Outcome]) {
    let run = state.ledger.run + 1
    let stream = RandomStream(seed: seed, purpose: .initialDesign, run: run)
    let standing = standing
    guard let next = state.restarts?.next(after: standing, seed: seed, run: run) else { return }
    state.ledger.restart(after: outcomes, populationSize: next.populationSize)
    state.distributions = Distributions(
      coordinates, mean: coordinates.freshMean(stream), sigma: next.sigma, covarianceMode)
    state.initialSigma = next.sigma
    state.history = ProgressHistory()
    weights = RecombinationWeights(lambda: next.populationSize)
    rates = Self.rates(coordinates, populationSize: next.populationSize, covarianceMode)
  }

  /// How good the present run's distribution is; nil before its first ranked generation.
  var standing: RestartSchedule.Standing? {
    state.history.latestMedian.map {
      RestartSchedule.Standing(cost: $0, recommendation: ownRecommendation)
    }
  }

  /// That of the best run so far: its incumbent survives restarts.
  public var recommendation: Recommendation {
    guard let incumbent = state.restarts?.incumbent else { return ownRecommendation }
    guard let standing, standing.cost < incumbent.cost else { return incumbent.recommendation }
    return standing.recommendation
  }
}

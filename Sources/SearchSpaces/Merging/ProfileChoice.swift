/// What `profile: auto` settled on, and why.
public struct ProfileChoice: Hashable, Sendable {
  public let profile: DepthProfile
  public let components: [ModelComponent]
  /// Real parameters of the space.
  public let dimension: Int
  /// Candidates per generation.
  public let populationSize: Int
  /// Evaluations for candidates: what was asked for less the reserve for finalists.
  public let budget: Int

  /// Whole generations that the budget allows.
  public var generations: Int { budget / populationSize }

  /// Enough to adapt the step size: 15 generations and 20 evaluations per number.
  public var fits: Bool { budget >= 15 * populationSize && budget >= 20 * dimension }

  /// The largest of {global, 2, 3, 4, 6 knots} that fits the budget and half of the layers.
  ///
  /// If these are the most knots that the layers allow, components are added under the same rules.
  /// Global if nothing fits.
  /// - Parameters:
  ///   - components: Given by the search file; nil leaves them to the budget.
  ///   - layers: Depth of the models.
  ///   - budget: Evaluations for candidates.
  ///   - size: Real and categorical parameters of a space.
  /// - Returns: The choice with its figures.
  static func auto(
    components: [ModelComponent]?, layers: Int, budget: Int,
    size: (DepthProfile, [ModelComponent]) -> (numeric: Int, categorical: Int)
  ) -> ProfileChoice {
    func choice(_ profile: DepthProfile, _ components: [ModelComponent]) -> ProfileChoice {
      let size = size(profile, components)
      return ProfileChoice(
        profile: profile, components: components, dimension: size.numeric,
        populationSize: defaultPopulationSize(
          numeric: size.numeric, categorical: size.categorical),
        budget: budget)
    }
    let profiles =
      [DepthProfile.global]
      + [2, 3, 4, 6].filter { 2 * $0 <= layers }.map(DepthProfile.knots)
    let candidates = profiles.map { choice($0, components ?? []) }
    let best = candidates.last(where: \.fits) ?? candidates[0]
    guard components == nil, best.profile == profiles.last else { return best }
    let split = choice(best.profile, [.attention, .mlp])
    return split.fits ? split : best
  }
}

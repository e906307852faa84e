import Optimizers

/// What the final comparison costs, in full passes over the search split.
struct FinalistCost: Hashable, Codable {
  /// Whether random masks take part, so that finalists are judged under several mask seeds.
  var isStochastic: Bool
  var choosesAmongCategories: Bool
  /// False for random search, whose finalists are its best observed candidates alone.
  var hasDistribution: Bool
  /// How many of the observed candidates that no other beats in every task become finalists; nil: there
  /// is one objective.
  var front: Int?
  /// Tokens of the validation split over those of the search split.
  var validationPasses: Double
  /// Share of the search split that an observed finalist has not seen; nil: none.
  var unseen: Double?

  /// How many of the best observed candidates become finalists.
  static let observed = 5
  /// How many of a Pareto front do, where there are several objectives.
  static let frontMembers = 8
  /// How many of the most probable combinations of categories do.
  static let combinations = 3
  /// Mask seeds under which a stochastic finalist is judged.
  static let maskSeeds = 5

  /// Finalists that the search itself has not scored.
  var made: Int { hasDistribution ? 1 + (choosesAmongCategories ? Self.combinations : 0) : 0 }

  /// At most; distinct finalists may be fewer.
  var passes: Double {
    let seeds = isStochastic ? Double(Self.maskSeeds) : 1
    return Double(made) + Double(Self.observed) * (unseen ?? 0) + Double(
      made + Self.observed + (front ?? 0)) * seeds * validationPasses
  }

  /// The passes that a budget keeps back: the larger of 10 % and the cost.
  func reserve(of evaluations: Int) -> Double { max(0.1 * Double(evaluations), passes) }

  /// The smallest budget that is accepted: twice the reserve.
  var smallestBudget: Int { max(2, Int((2 * passes).rounded(.up))) }
}

/// What a plan was made from, kept so that a resumed search makes the same again.
struct PlanSettings: Hashable, Codable {
  /// Evaluations for candidates when the search was created; later extensions do not change the space.
  var spaceBudget: Int
  var finalistCost: FinalistCost
  /// Scores per candidate that the optimizer is told; nil: the weighted one.
  var objectives: Int?
  /// Asked for in the search file.
  var populationSize: Int?
  var restarts: OptimizerSettings.Restarts?
  /// What the earlier search said when this one was created.
  var warmStart: WarmStart?
  /// How candidates see the items; nil: all at once.
  var blocks: BlockSettings?
  /// Whether the optimizer is told soft forms of metrics where the search file names none; stores of earlier
  /// versions do not say, and have none.
  var tellsSoftForms: Bool?
  /// Depth of the models, for reports; stores of earlier versions have none.
  var layers: Int?

  /// Candidates that a budget pays for, if none of them is raced out.
  static func candidates(of evaluations: Int, _ cost: FinalistCost, _ blocks: BlockSettings?) -> Int
  {
    Int((Double(evaluations) - cost.reserve(of: evaluations)) / (blocks?.passShare ?? 1))
  }
}

public import SearchSpaces

/// What a search distribution recommends, for validation to choose from.
public struct Recommendation: Hashable, Sendable, Codable {
  /// The distribution's mean with the most probable choice of every category; nil if there is no
  /// distribution (random search, NSGA-II).
  public let mean: Genome?
  /// The most probable combinations of categories, likeliest first.
  ///
  /// Combinations that differ only in inactive categories count as one. Empty if nothing
  /// categorical is searched.
  public let combinations: [CategoryCombination]
  /// With several objectives: survivors of which none beats another in every score; else empty.
  public let front: [Genome]

  public init(mean: Genome?, combinations: [CategoryCombination], front: [Genome] = []) {
    self.mean = mean
    self.combinations = combinations
    self.front = front
  }
}

/// One choice per searched category.
public struct CategoryCombination: Hashable, Sendable, Codable {
  /// A parameter of the space and the genome value it has in this combination.
  public struct Choice: Hashable, Sendable, Codable {
    public let parameter: Int
    public let value: Double
  }

  /// The active categories, by parameter index.
  public let choices: [Choice]
  public let probability: Double

  public func matches(_ genome: Genome) -> Bool {
    choices.allSatisfy { genome.values[$0.parameter] == $0.value }
  }

  /// The mean of the observed candidates that have this combination, weighted by rank.
  ///
  /// Weights are those of recombination, ln((N + 1) / 2) − ln i for the better half of N, tied
  /// candidates sharing theirs; integers are rounded.
  /// - Parameters:
  ///   - observed: Evaluated candidates and their scores, higher is better.
  ///   - space: The space of the genomes.
  /// - Returns: nil if no candidate has the combination.
  public func weightedMean(
    of observed: [(genome: Genome, score: Double)], in space: SearchSpace
  ) -> Genome? {
    let matching = observed.filter { matches($0.genome) && $0.score.isFinite }
    guard let first = matching.first else { return nil }
    let ranking = Ranking(matching.map { .scores([$0.score]) })
    let weights = ranking.averaged(RecombinationWeights(lambda: max(2, matching.count)).positive)
    var sums = [Double](repeating: 0, count: first.genome.values.count)
    var total = 0.0
    for (rank, index) in ranking.order.enumerated() {
      total += weights[rank]
      for (position, value) in matching[index].genome.values.enumerated() {
        sums[position] += weights[rank] * value
      }
    }
    var values = sums.map { $0 / total }
    for (position, parameter) in space.parameters.enumerated() {
      switch parameter.kind {
      case .real(let range, _, _):
        if let range {
          values[position] = min(max(values[position], range.lowerBound), range.upperBound)
        }
      case .integer: values[position] = values[position].rounded()
      case .categorical: values[position] = matching[ranking.order[0]].genome.values[position]
      }
    }
    return Genome(values: values)
  }
}

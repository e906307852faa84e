public import SearchSpaces

/// What an earlier search says about where to begin.
///
/// Reference: Nomura et al., WS-CMA-ES, arXiv 2012.06932.
public enum WarmStart: Hashable, Sendable, Codable {
  /// Evaluated points of the same space, of which the best `share` count, at least one; 0.1 is usual,
  /// 0.2 to 0.3 where scores are noisy.
  case results([Result], share: Double)
  /// Where another search had got to, such as one over knots that is to go on per layer.
  case distribution(SearchDistribution)

  public struct Result: Hashable, Sendable, Codable {
    public var genome: Genome
    /// Higher is better; results that are not finite do not count.
    public var score: Double

    public init(genome: Genome, score: Double) {
      self.genome = genome
      self.score = score
    }
  }

  /// For people.
  var summary: String {
    switch self {
    case .results(let results, let share):
      "the best \(Self.best(results, share: share).count) of \(results.count) earlier results"
    case .distribution: "where an earlier search had got to"
    }
  }

  /// The genomes that count, best first, equal scores in their order.
  static func best(_ results: [Result], share: Double) -> [Genome] {
    let ranking = Ranking(results.map { $0.score.isFinite ? .scores([$0.score]) : .dropped })
    let count = max(1, Int((share * Double(ranking.order.count)).rounded(.down)))
    return ranking.order.prefix(count).map { results[$0].genome }
  }
}

/// A search distribution in the units of its space, for another search to begin with.
public struct SearchDistribution: Hashable, Sendable, Codable {
  /// Indices of the real and integer parameters that it tells about.
  public let parameters: [Int]
  public let mean: [Double]
  /// Row by row, `parameters.count` squared.
  public let covariance: [Double]
  /// By the index of a categorical parameter or two-valued integer.
  public let probabilities: [Int: [Double]]

  /// The distribution of the image of its points, which `transfer` carries to another space.
  ///
  /// The mean is interpolated and the covariance becomes A Σ Aᵀ, A the interpolation's matrix.
  public func moved(by transfer: ParameterTransfer) -> SearchDistribution {
    var columns: [Int: Int] = [:]
    for (column, parameter) in parameters.enumerated() { columns[parameter] = column }
    var targets: [Int] = []
    var rows: [[(column: Int, weight: Double)]] = []
    var probabilities: [Int: [Double]] = [:]
    for target in transfer.shares.indices {
      if let nearest = transfer.nearest(to: target), let source = self.probabilities[nearest],
        let moved = transfer.probabilities(source, of: nearest, for: target)
      {
        probabilities[target] = moved
      }
      let row = transfer.shares[target].compactMap { share in
        columns[share.source].map { (column: $0, weight: share.weight) }
      }
      guard !row.isEmpty, row.count == transfer.shares[target].count else { continue }
      targets.append(target)
      rows.append(row)
    }
    let size = parameters.count
    var moved: [Double] = []
    for left in rows {
      for right in rows {
        var sum = 0.0
        for a in left {
          for b in right { sum += a.weight * b.weight * covariance[a.column * size + b.column] }
        }
        moved.append(sum)
      }
    }
    return SearchDistribution(
      parameters: targets,
      mean: rows.map { $0.reduce(0) { $0 + $1.weight * mean[$1.column] } }, covariance: moved,
      probabilities: probabilities)
  }
}

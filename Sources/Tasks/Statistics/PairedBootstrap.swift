import Randomness

/// The items of one task, each with its values for the two candidates that are compared.
public struct PairedStratum: Sendable {
  public let task: String
  /// Weight of the task in the combined score.
  public let weight: Double
  public let metric: Metric
  /// What is drawn together: an item, or the sums of a cluster.
  let units: [Unit]
  /// Number of items.
  public let count: Int

  struct Unit: Sendable {
    var first: (numerator: Double, denominator: Double) = (0, 0)
    var second: (numerator: Double, denominator: Double) = (0, 0)

    static func += (left: inout Unit, right: Unit) {
      left.first.numerator += right.first.numerator
      left.first.denominator += right.first.denominator
      left.second.numerator += right.second.numerator
      left.second.denominator += right.second.denominator
    }
  }

  /// Pairs `first[i]` with `second[i]`, which must be values of the same item.
  ///
  /// Without `itemWeights` (within the task) all weigh the same; without `clusters` all are independent.
  /// - Precondition: All lists are of one length, which is not 0.
  public init(
    task: String, weight: Double, metric: Metric, first: [ItemValue], second: [ItemValue],
    itemWeights: [Double]? = nil, clusters: [String]? = nil
  ) {
    precondition(first.count == second.count, "\(first.count) != \(second.count)")
    precondition(!first.isEmpty, "no items of \(task) to compare")
    let weights = itemWeights ?? Array(repeating: 1, count: first.count)
    precondition(weights.count == first.count, "\(weights.count) != \(first.count)")
    self.task = task
    self.weight = weight
    self.metric = metric
    count = first.count
    var units: [Unit] = []
    var positions: [[UInt8]: Int] = [:]
    for index in first.indices {
      let unit = Unit(
        first: (
          weights[index] * first[index].numerator, weights[index] * first[index].denominator
        ),
        second: (
          weights[index] * second[index].numerator, weights[index] * second[index].denominator
        ))
      guard let clusters else {
        units.append(unit)
        continue
      }
      let key = Array(clusters[index].utf8)
      if let position = positions[key] {
        units[position] += unit
      } else {
        positions[key] = units.count
        units.append(unit)
      }
    }
    self.units = units
  }

  /// How much better the first candidate is on a sample, in the metric's units, positive if better.
  func difference(_ sums: Unit) -> Double {
    func utility(_ sum: (numerator: Double, denominator: Double)) -> Double {
      let ratio = sum.denominator > 0 ? sum.numerator / sum.denominator : 0
      return metric.utility(metric.figure(ratio))
    }
    return utility(sums.first) - utility(sums.second)
  }
}

/// How much better one candidate is than another on the same items, with its uncertainty.
public struct PairedDifference: Sendable, Hashable, Codable {
  /// Σ weight · difference / Σ weight over the tasks; positive if the first candidate is better.
  public var value: Double
  public var lower: Double
  public var upper: Double
  /// Coverage of the interval, such as 0.975.
  public var level: Double
  /// One-sided: the share of replicates in which the first is not better, (1 + k)/(B + 1).
  public var probability: Double
  public var replicates: Int
  public var seed: UInt64
  /// Number of items over all tasks.
  public var count: Int
}

/// The bootstrap of paired differences, stratified by task.
///
/// In every replicate the items of each task (or its clusters) are drawn with replacement, the same ones for
/// both candidates, and the tasks' differences are combined with their weights. Draw j of replicate r in
/// stratum s is addressed by (seed, s, r, j), so equal inputs give equal intervals everywhere.
public struct PairedBootstrap: Sendable, Hashable {
  public var replicates: Int
  public var seed: UInt64
  /// Coverage of the two-sided percentile interval.
  public var level: Double

  /// - Precondition: There is a replicate, and 0 < level < 1.
  public init(seed: UInt64, level: Double, replicates: Int = 10_000) {
    precondition(replicates > 0, "no replicates")
    precondition(level > 0 && level < 1, "level \(level) is outside 0...1")
    self.replicates = replicates
    self.seed = seed
    self.level = level
  }

  /// The difference of the first candidates of `strata` over the second ones.
  ///
  /// - Precondition: `strata` is not empty and its weights are positive.
  /// - Complexity: Replicates times items.
  public func compare(_ strata: [PairedStratum]) -> PairedDifference {
    let mass = strata.reduce(0) { $0 + $1.weight }
    precondition(mass > 0, "the weights of the tasks add up to \(mass)")
    var samples = Array(repeating: 0.0, count: replicates)
    for (index, stratum) in strata.enumerated() {
      for replicate in 0..<replicates {
        let stream = RandomStream(
          seed: seed, purpose: .resampling, run: index, candidate: replicate)
        samples[replicate] +=
          stratum.weight / mass * stratum.difference(sample(of: stratum.units, stream))
      }
    }
    let value = strata.reduce(0) { sum, stratum in
      let total = stratum.units.reduce(into: PairedStratum.Unit()) { $0 += $1 }
      return sum + stratum.weight / mass * stratum.difference(total)
    }
    samples.sort()
    let notBetter = samples.prefix { $0 <= 0 }.count
    return PairedDifference(
      value: value, lower: quantile((1 - level) / 2, of: samples),
      upper: quantile((1 + level) / 2, of: samples), level: level,
      probability: Double(1 + notBetter) / Double(replicates + 1), replicates: replicates,
      seed: seed, count: strata.reduce(0) { $0 + $1.count })
  }

  /// As many units as there are, drawn with replacement, summed in the order of the draws.
  private func sample(
    of units: [PairedStratum.Unit], _ stream: RandomStream
  ) -> PairedStratum.Unit {
    var sum = PairedStratum.Unit()
    for pair in 0..<UInt32((units.count + 1) / 2) {
      let block = stream.block(at: pair)
      sum += units[index(block.word0, block.word1, below: units.count)]
      if Int(pair) * 2 + 1 < units.count {
        sum += units[index(block.word2, block.word3, below: units.count)]
      }
    }
    return sum
  }

  private func index(_ high: UInt32, _ low: UInt32, below bound: Int) -> Int {
    let word = UInt64(high) << 32 | UInt64(low)
    return Int(word.multipliedFullWidth(by: UInt64(bound)).high)
  }
}

/// The value below which a share `probability` of the sorted values lies, linear between neighbours.
func quantile(_ probability: Double, of sorted: [Double]) -> Double {
  let position = probability * Double(sorted.count - 1)
  let index = min(max(Int(position), 0), sorted.count - 1)
  guard index + 1 < sorted.count else { return sorted[index] }
  let fraction = position - Double(index)
  return fraction == 0
    ? sorted[index] : sorted[index] + fraction * (sorted[index + 1] - sorted[index])
}

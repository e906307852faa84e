import OptimizerSuite
import Optimizers
import SearchSpaces

/// What asking and telling cost, without the objective.
enum TimeTable {
  static func show(_ options: Options, _ peers: Peers?) throws {
    print("\nask + tell, µs per evaluation, median of 7 runs\n")
    Table.line(["covariance", "n", "ours", "pycma", "cmaes", "λ"])
    for dimension in [10, 100, 300] {
      let plain = plainSize(dimension)
      for (covariance, size) in [
        (.full, plain), (.full, 2 * plain), (.diagonal, plain),
      ] as [(OptimizerSettings.CovarianceChoice, Int)] {
        let peer = try peers?.times(dimension, size, covariance.rawValue) ?? [:]
        Table.line([
          covariance.rawValue, "\(dimension)",
          "\(Int(try microseconds(dimension, size, covariance).rounded()))",
          peer["pycma"] ?? "–", peer["cmaes"] ?? "–", "\(size)",
        ])
      }
    }
  }

  private static func plainSize(_ dimension: Int) -> Int {
    let size = defaultPopulationSize(numeric: dimension, categorical: 0)
    return dimension >= 30 ? size / 2 : size
  }

  private static func microseconds(
    _ dimension: Int, _ size: Int, _ covariance: OptimizerSettings.CovarianceChoice
  ) throws -> Double {
    let generations = [10: 40, 100: 12][dimension] ?? 4
    let problem = try SuiteProblem.continuous("sphere", dimension, run: 1)
    guard let problem else { return .nan }
    var times: [Double] = []
    for seed in 1...7 as ClosedRange<UInt64> {
      var optimizer = try AnyOptimizer(
        "auto", space: problem.space,
        settings: OptimizerSettings(
          budget: 1_000_000, populationSize: size, covariance: covariance, noise: .none),
        seed: seed, at: "suite")
      let clock = ContinuousClock()
      var spent = Duration.zero
      for _ in 0..<generations {
        var proposals: [Proposal] = []
        spent += clock.measure { proposals = optimizer.ask(size) }
        let scores = proposals.map { -problem.cost($0.genome) }
        spent += try clock.measure {
          for (proposal, score) in zip(proposals, scores) {
            try optimizer.tell(proposal.id, .scores([score]))
          }
        }
      }
      times.append(spent / .microseconds(1) / Double(generations * size))
    }
    return times.sorted()[3]
  }
}

package import Optimizers
package import SearchSpaces

/// Searching the merge-like objective as the reference figures do, with or without knots.
package struct MergeLikeSearch {
  package let objective = MergeLikeObjective()
  /// nil: every layer has its own coefficient.
  package let knots: Int?
  package let space: SearchSpace

  package init(knots: Int?) throws {
    self.knots = knots
    let rows = knots ?? 24
    var parameters: [SearchParameter] = []
    for row in 0..<rows {
      for model in 0..<2 {
        parameters.append(SearchParameter("w\(row).\(model)", .real(range: 0...1, start: 0.5)))
      }
    }
    for group in 0..<4 {
      parameters.append(
        SearchParameter("method\(group)", .categorical(choices: ["m0", "m1", "m2", "m3"])))
    }
    for group in 0..<4 {
      parameters.append(
        SearchParameter(
          "density\(group)", .real(range: 0.1...1, start: 0.55),
          activeWhen: [Condition("method\(group)", isOneOf: ["m2", "m3"])]))
    }
    space = try SearchSpace(parameters)
  }

  package func candidate(_ genome: Genome) -> (w: [Double], c: [Int], d: [Double]) {
    let rows = knots ?? 24
    let values = genome.values
    var w = Array(values[..<(2 * rows)])
    if let knots {
      w = (0..<24).flatMap { layer in
        let position = Double(layer) / 23 * Double(knots - 1)
        let left = min(Int(position), knots - 2)
        let share = position - Double(left)
        return (0..<2).map { model in
          (1 - share) * values[2 * left + model] + share * values[2 * (left + 1) + model]
        }
      }
    }
    return (
      w, values[(2 * rows)..<(2 * rows + 4)].map { Int($0) }, Array(values[(2 * rows + 4)...])
    )
  }

  package func truth(_ genome: Genome) -> Double {
    let (w, c, d) = candidate(genome)
    return 1 - objective.accuracy(w, c, d)
  }

  package struct Result {
    /// True value of the distribution's mean.
    package var mean = 1.0
    /// True value of the best observed candidate.
    package var best = 1.0
  }

  package func run(_ algorithm: String, settings: OptimizerSettings, seed: UInt64) throws -> Result
  {
    var optimizer = try AnyOptimizer(
      algorithm, space: space, settings: settings, seed: seed, at: "suite")
    var evaluations = 0
    var best: (score: Double, genome: Genome)?
    while evaluations + optimizer.populationSize <= settings.budget {
      for proposal in optimizer.ask(optimizer.populationSize) {
        let (w, c, d) = candidate(proposal.genome)
        let value = objective.observed(w, c, d, run: seed, index: evaluations)
        evaluations += 1
        if best.map({ value < $0.score }) ?? true { best = (value, proposal.genome) }
        try optimizer.tell(proposal.id, .scores([1 - value]))
      }
    }
    return Result(
      mean: optimizer.recommendation.mean.map(truth) ?? 1,
      best: best.map { truth($0.genome) } ?? 1)
  }
}

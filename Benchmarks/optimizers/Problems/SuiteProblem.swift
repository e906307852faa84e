package import Optimizers
package import SearchSpaces

/// A problem of the suite as a search: its space at the start of one run, and its cost.
package struct SuiteProblem {
  package let space: SearchSpace
  package let sigma: Double
  package let cost: (Genome) -> Double

  package static func continuous(_ name: String, _ n: Int, run: UInt64) throws -> SuiteProblem? {
    guard let function = SuiteFunctions.continuous(name, n) else { return nil }
    let start = SuiteArithmetic.start(run: run, n, -4, 4)
    let space = try SearchSpace(
      start.enumerated().map {
        SearchParameter("x\($0.offset)", .real(range: nil, start: $0.element, step: 2))
      })
    return SuiteProblem(space: space, sigma: 0.1) { function($0.values) }
  }

  package static func bounded(_ name: String, _ n: Int, run: UInt64) throws -> SuiteProblem {
    let function = SuiteFunctions.bounded(name, n)
    let start = SuiteArithmetic.start(run: run, n, 0.2, 0.8)
    let space = try SearchSpace(
      start.enumerated().map {
        SearchParameter("x\($0.offset)", .real(range: 0...1, start: $0.element))
      })
    return SuiteProblem(space: space, sigma: 0.2) { function($0.values) }
  }

  /// Half reals, half integers or switches.
  package static func mixed(_ name: String, _ n: Int, run: UInt64) throws -> SuiteProblem {
    let isSwitch = name.hasSuffix("onemax")
    let start = SuiteArithmetic.start(run: run, n, 1, 3)
    var parameters = (0..<n / 2).map {
      SearchParameter("x\($0)", .real(range: nil, start: start[$0], step: 1))
    }
    for index in n / 2..<n {
      parameters.append(
        SearchParameter(
          "z\(index)",
          isSwitch
            ? .integer(range: 0...1, start: 0.5)
            : .integer(range: -10...10, start: start[index], step: 1)))
    }
    return SuiteProblem(space: try SearchSpace(parameters), sigma: 0.1) { genome in
      SuiteFunctions.mixed(
        name, Array(genome.values[..<(n / 2)]), Array(genome.values[(n / 2)...])) ?? .nan
    }
  }

  package static func categorical(
    _ name: String, reals: Int, integers: Int, categories: Int, choices: Int, run: UInt64
  ) throws -> SuiteProblem {
    let start = SuiteArithmetic.start(run: run, reals + integers, 1, 3)
    var parameters = (0..<reals).map {
      SearchParameter("x\($0)", .real(range: nil, start: start[$0], step: 1))
    }
    for index in reals..<reals + integers {
      parameters.append(
        SearchParameter("z\(index)", .integer(range: -10...10, start: start[index], step: 1)))
    }
    for index in 0..<categories {
      parameters.append(
        SearchParameter("c\(index)", .categorical(choices: (0..<choices).map { "\($0)" })))
    }
    return SuiteProblem(space: try SearchSpace(parameters), sigma: 0.1) { genome in
      let values = genome.values
      return SuiteFunctions.categorical(
        name, Array(values[..<reals]), Array(values[reals..<reals + integers]),
        values[(reals + integers)...].map { Int($0) }, choices: choices) ?? .nan
    }
  }

  /// Evaluations up to the first cost of at most 1e-8, or nil within the budget.
  package func evaluationsToTarget(
    _ settings: OptimizerSettings, algorithm: String = "auto", seed: UInt64
  ) throws -> Int? {
    var settings = settings
    settings.sigma = sigma
    settings.noise = .none
    var optimizer = try AnyOptimizer(
      algorithm, space: space, settings: settings, seed: seed, at: "suite")
    var evaluations = 0
    while evaluations < settings.budget, optimizer.termination == nil {
      for proposal in optimizer.ask(optimizer.populationSize) {
        let value = cost(proposal.genome)
        evaluations += 1
        if value <= 1e-8 { return evaluations }
        try optimizer.tell(proposal.id, .scores([-value]))
      }
    }
    return nil
  }
}

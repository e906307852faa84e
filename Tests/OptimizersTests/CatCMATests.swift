import Diagnostics
import Foundation
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("CatCMA with Margin") struct CatCMATests {
  static func reals(_ count: Int) throws -> SearchSpace {
    try SearchSpace(
      (0..<count).map { SearchParameter("w\($0)", .real(range: 0...1, start: 0.5)) })
  }

  static func make(
    _ space: SearchSpace, _ settings: OptimizerSettings = .init(budget: 1000), seed: UInt64 = 1
  ) throws -> CatCMA {
    try CatCMA(space: space, settings: settings, seed: seed)
  }

  @Test("covariance follows the budget, and says why") func covariance() throws {
    let twenty = try Self.reals(20)
    let full = try Self.make(twenty, .init(budget: 900))
    #expect(
      full.decisions == [
        "dimension: 20 numeric (0 of them integer), 0 categorical",
        "population: 12 candidates per generation",
        "covariance: full, since the budget of 900 evaluations covers the 884 in which a full one "
          + "is learnt",
      ])
    let diagonal = try Self.make(twenty, .init(budget: 883))
    #expect(
      diagonal.decisions[2] == "covariance: diagonal, since the budget of 883 evaluations is below "
        + "the 884 in which a full one is learnt")
    #expect(
      try Self.make(twenty, .init(budget: 1, covariance: .full)).decisions[2]
        == "covariance: full, as asked for")
  }

  @Test(
    "the population follows the dimension and doubles from 30 numbers on",
    arguments: [(1, 4), (5, 8), (10, 10), (29, 14), (30, 28), (56, 32), (100, 34), (300, 42)])
  func population(dimension: Int, size: Int) throws {
    #expect(try Self.make(Self.reals(dimension)).populationSize == size)
    #expect(defaultPopulationSize(numeric: dimension, categorical: 0) == size)
  }

  @Test("categories count towards the population") func mixedPopulation() throws {
    var parameters = try Self.reals(6).parameters
    for index in 0..<4 {
      parameters.append(SearchParameter("m\(index)", .categorical(choices: ["a", "b"])))
    }
    parameters.append(SearchParameter("s", .integer(range: 0...1, start: 0)))
    parameters.append(SearchParameter("fixed", .categorical(choices: ["only"])))
    // 4 + ⌊3 ln 11⌋.
    #expect(try Self.make(SearchSpace(parameters)).populationSize == 11)
  }

  @Test("the first generation is the start with σ₀, through the boundary map") func start() throws {
    let space = try SearchSpace([
      SearchParameter("a", .real(range: 0...1, start: 0.3)),
      SearchParameter("b", .real(range: -1...3, start: 2)),
      SearchParameter("c", .real(range: nil, start: 5, step: 0.5)),
      SearchParameter("k", .integer(range: 0...10, start: 4)),
      SearchParameter("m", .categorical(choices: ["x", "y"], initial: [0.1, 0.9])),
    ])
    let optimizer = try Self.make(space)
    let shapes = optimizer.distribution.map(\.shape)
    func near(_ shape: ParameterDistribution.Shape, _ mean: Double, _ deviation: Double) -> Bool {
      guard case .spread(let found, let spread) = shape else { return false }
      return abs(found - mean) < 1e-12 && abs(spread - deviation) < 1e-12
    }
    #expect(near(shapes[0], 0.3, 0.1))
    #expect(near(shapes[1], 2, 0.4))
    #expect(near(shapes[2], 5, 0.5))
    #expect(near(shapes[3], 4, 1))
    // 0.1 is below the margin 1 − √0.73, which it is lifted to.
    guard case .probabilities(let probabilities) = shapes[4] else {
      Issue.record("categories have probabilities")
      return
    }
    #expect(abs(probabilities[0] - (1 - 0.73.squareRoot())) < 1e-12)
    #expect(optimizer.recommendation.mean?.values == [0.3, 2, 5, 4, 1])
  }

  @Test("settings may replace starts and priors") func replacedStart() throws {
    let space = try SearchSpace([
      SearchParameter("a", .real(range: 0...1, start: 0.5)),
      SearchParameter("m", .categorical(choices: ["x", "y", "z"])),
    ])
    var settings = OptimizerSettings(budget: 100)
    settings.start(at: Genome(values: [0.97, 2]), in: space)
    let optimizer = try Self.make(space, settings)
    let mean = try #require(optimizer.recommendation.mean)
    #expect(abs(mean.values[0] - 0.97) < 1e-12)
    #expect(mean.values[1] == 2)
    guard case .probabilities(let probabilities) = optimizer.distribution[1].shape else {
      Issue.record("categories have probabilities")
      return
    }
    #expect(abs(probabilities[2] - 0.7) < 1e-12)

    settings.initialMean = Genome(values: [1.5, 0])
    #expect(throws: Diagnostic.self) { try Self.make(space, settings) }
  }

  @Test("impossible settings are refused") func refusals() throws {
    let space = try Self.reals(3)
    func message(_ settings: OptimizerSettings, _ space: SearchSpace) -> String {
      do {
        _ = try Self.make(space, settings)
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(
      message(.init(budget: 10, populationSize: 3), space) == """
        optimizer: a population of 3 cannot be ranked
          fix: use at least 4 candidates per generation
        """)
    #expect(
      message(.init(budget: 10, sigma: 0), space) == """
        optimizer: the initial step 0.0 is not a positive number
          fix: use a share of the range, such as 0.1
        """)
    let constant = try SearchSpace([SearchParameter("k", .integer(range: 2...2, start: 2))])
    #expect(
      message(.init(budget: 10), constant) == """
        search space: there is nothing to search: no parameter has more than one value
          fix: add a parameter, or widen a range
        """)
    let chosen = try SearchSpace([SearchParameter("m", .categorical(choices: ["a", "b"]))])
    #expect(
      message(.init(budget: 10, initialProbabilities: ["m": [1]]), chosen) == """
        initial probabilities of 'm': [1.0] is no distribution over 2 choices
          fix: give one probability per choice, summing to 1
        """)
  }

  @Test("ties are told the same whatever their order") func ties() throws {
    // All scores equal: the mean moves to the average sample, categories stay.
    let space = try SearchSpace(
      try Self.reals(4).parameters + [SearchParameter("m", .categorical(choices: ["a", "b"]))])
    var optimizer = try Self.make(space)
    let proposals = optimizer.ask(.max)
    let average = (0..<4).map { column in
      proposals.reduce(0) { $0 + $1.point[column] } / Double(proposals.count)
    }
    for proposal in proposals.reversed() { try optimizer.tell(proposal.id, .scores([0.5])) }
    let mean = try #require(optimizer.state.distributions.gaussian).mean
    for (found, expected) in zip(mean, average) { #expect(abs(found - expected) < 1e-15) }
  }

  @Test("most candidates invalid: the generation is void; three times: it stops") func voids()
    throws
  {
    var optimizer = try Self.make(Self.reals(5))
    let before = optimizer.distribution
    for generation in 0..<3 {
      #expect(optimizer.termination == nil)
      let proposals = optimizer.ask(.max)
      #expect(proposals.count == 8)
      for proposal in proposals {
        try optimizer.tell(proposal.id, proposal.id.index < 5 ? .invalid : .scores([1]))
      }
      #expect(optimizer.generation == generation + 1)
      #expect(optimizer.distribution == before)
    }
    #expect(optimizer.termination == .failingCandidates)
    #expect(optimizer.ask(.max).isEmpty)
  }

  @Test("exactly half invalid is not void") func halfInvalid() throws {
    var optimizer = try Self.make(Self.reals(5))
    let before = optimizer.distribution
    for proposal in optimizer.ask(.max) {
      try optimizer.tell(proposal.id, proposal.id.index % 2 == 0 ? .invalid : .scores([1]))
    }
    #expect(optimizer.distribution != before)
  }

  @Test("lost candidates: at least μ + 1 update, fewer void the generation", arguments: 0...5)
  func dropped(lost: Int) throws {
    var optimizer = try Self.make(Self.reals(5))
    let before = optimizer.distribution
    for proposal in optimizer.ask(.max) {
      let outcome: Outcome =
        proposal.id.index < lost ? .dropped : .scores([Double(proposal.id.index)])
      try optimizer.tell(proposal.id, outcome)
    }
    // λ = 8, μ = 4.
    #expect((optimizer.distribution != before) == (8 - lost >= 5))
  }

  @Test(
    "bounded coordinates never spread beyond a third, nor below 1 % under noise",
    arguments: [OptimizerSettings.CovarianceChoice.full, .diagonal])
  func spread(covariance: OptimizerSettings.CovarianceChoice) throws {
    var settings = OptimizerSettings(budget: 1000, covariance: covariance)
    for (isRewardedFar, limit) in [(true, 1 / 3.0), (false, 0.01)] {
      settings.noise = .sampling
      var optimizer = try Self.make(Self.reals(4), settings)
      for _ in 0..<120 {
        for proposal in optimizer.ask(.max) {
          let distance = proposal.point.reduce(0) { $0 + abs($1 - 0.5) }
          try optimizer.tell(proposal.id, .scores([isRewardedFar ? distance : -distance]))
        }
      }
      for parameter in optimizer.distribution {
        guard case .spread(_, let deviation) = parameter.shape else { continue }
        #expect(
          isRewardedFar ? deviation <= limit * (1 + 1e-9) : deviation >= limit * (1 - 1e-9))
      }
      #expect(optimizer.termination == nil)
    }
  }

  @Test("a conditional parameter keeps 5 % while its choice is alive") func conditionalFloor()
    throws
  {
    let space = try SearchSpace([
      SearchParameter("w", .real(range: 0...1, start: 0.5)),
      SearchParameter("m", .categorical(choices: ["linear", "ties"])),
      SearchParameter(
        "density", .real(range: 0...1, start: 0.5), activeWhen: [Condition("m", isOneOf: ["ties"])]),
    ])
    for (rewarded, least) in [(1.0, 0.05), (0.0, 0.01)] {
      var optimizer = try Self.make(space)
      for _ in 0..<100 {
        for proposal in optimizer.ask(.max) {
          let values = proposal.genome.values
          let distance = abs(values[0] - 0.5) + abs(values[2] - 0.5)
          try optimizer.tell(
            proposal.id, .scores([(values[1] == rewarded ? 10 : 0) - distance]))
        }
      }
      guard case .spread(_, let deviation) = optimizer.distribution[2].shape else {
        Issue.record("density has a spread")
        return
      }
      #expect(abs(deviation - least) < 1e-9)
    }
  }

  @Test("a flat objective is reported") func flat() throws {
    var optimizer = try Self.make(Self.reals(3))
    for generation in 0..<5 {
      #expect((optimizer.warning != nil) == (generation >= 5))
      for proposal in optimizer.ask(.max) { try optimizer.tell(proposal.id, .scores([0.5])) }
    }
    #expect(optimizer.warning?.hasPrefix("the objective is flat") == true)
  }

  @Test("spaces of categories alone are searched") func categoriesAlone() throws {
    let space = try SearchSpace(
      (0..<6).map { SearchParameter("c\($0)", .categorical(choices: ["a", "b", "c"])) })
    var optimizer = try Self.make(space, .init(budget: 1000, noise: .none))
    for _ in 0..<80 {
      for proposal in optimizer.ask(.max) {
        let wrong = proposal.genome.values.count { $0 != 2 }
        try optimizer.tell(proposal.id, .scores([-Double(wrong)]))
      }
    }
    #expect(optimizer.recommendation.mean?.values == [2, 2, 2, 2, 2, 2])
    #expect(optimizer.decisions.count == 2)
  }

  /// Recorded on x86-64; equal scores must give an equal population anywhere.
  @Test("the trajectory has the recorded bits") func recordedBits() throws {
    let space = try EveryOptimizerTests.space(for: "auto")
    var optimizer = try Self.make(space, .init(budget: 1000), seed: 2024)
    var hash: UInt64 = 0
    for _ in 0..<12 {
      for proposal in optimizer.ask(.max) {
        for value in proposal.genome.values + proposal.point {
          hash = (hash ^ value.bitPattern) &* 0x0000_0100_0000_01B3
        }
        try optimizer.tell(proposal.id, EveryOptimizerTests.outcome(proposal))
      }
    }
    #expect(hash == 2_232_302_675_665_253_427)
  }

  @Test("state of another space or version is refused") func foreignState() throws {
    let optimizer = try AnyOptimizer(
      "auto", space: Self.reals(3), settings: .init(budget: 10), seed: 1, at: "test")
    let text = String(decoding: try JSONEncoder().encode(optimizer), as: UTF8.self)
    func decode(_ text: String) throws -> AnyOptimizer {
      try JSONDecoder().decode(AnyOptimizer.self, from: Data(text.utf8))
    }
    _ = try decode(text)
    #expect(throws: DecodingError.self) {
      try decode(text.replacing("\"version\":2", with: "\"version\":3"))
    }
    #expect(throws: DecodingError.self) {
      try decode(text.replacing("\"algorithm\":\"auto\"", with: "\"algorithm\":\"tpe\""))
    }
  }

  @Test("unknown algorithms are answered with a suggestion, categories by cma-es with a way out")
  func algorithms() throws {
    #expect(
      Algorithms.all.names == [
        "auto", "catcma", "cma-es", "sep-cma-es", "nsga-ii", "random", "latin-hypercube",
        "random-start",
      ])
    func message(_ name: String, _ space: SearchSpace) -> String {
      do {
        _ = try AnyOptimizer(
          name, space: space, settings: .init(budget: 10), seed: 0, at: "search.algorithm")
        return "accepted"
      } catch { return error.description }
    }
    #expect(
      message("cmaes", try Self.reals(2)) == """
        search.algorithm: unknown algorithm 'cmaes'
          fix: did you mean 'cma-es'? known: auto, catcma, cma-es, sep-cma-es, nsga-ii, random, latin-hypercube, random-start
        """)
    #expect(message("sep-cma-es", try Self.reals(2)) == "accepted")
    #expect(
      message(
        "cma-es", try SearchSpace([SearchParameter("m", .categorical(choices: ["a", "b"]))])) == """
          algorithm 'cma-es': cannot choose 'm' among 2 categories
            fix: use 'auto' or 'catcma'
          """)
  }
}

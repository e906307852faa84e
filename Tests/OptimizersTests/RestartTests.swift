import Foundation
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("Restarts") struct RestartTests {
  static let space = Result {
    try SearchSpace([
      SearchParameter("a", .real(range: -1...3, start: 0.5)),
      SearchParameter("b", .real(range: nil, start: 10, step: 2)),
      SearchParameter("m", .categorical(choices: ["x", "y"], initial: [0.7, 0.3])),
    ])
  }

  static func make(_ restarts: OptimizerSettings.Restarts, seed: UInt64 = 1) throws -> CatCMA {
    try CatCMA(
      space: space.get(), settings: .init(budget: 5000, noise: .none, restarts: restarts),
      seed: seed)
  }

  /// Flat near its optimum, so that runs end by equal scores.
  static func outcome(_ proposal: Proposal) -> Outcome {
    let values = proposal.genome.values
    let distance = abs(values[0] - 1) + abs(values[1] - 11)
    return .scores([-(distance * 4).rounded(.down) - values[2]])
  }

  @Test("a single run ends; IPOP goes on with twice the population, and counts runs") func ipop()
    throws
  {
    var single = try Self.make(.none)
    var restarting = try Self.make(.ipop)
    #expect(
      restarting.decisions.last
        == "restarts: IPOP, each with twice the population of the one before")
    var sizes = [restarting.populationSize]
    var generation = 0
    while sizes.count < 4 {
      #expect(restarting.termination == nil)
      #expect(restarting.generation == generation)
      let proposals = restarting.ask(.max)
      let run = sizes.count - 1
      #expect(proposals.allSatisfy { $0.id.run == run && $0.id.generation == generation })
      #expect(proposals.count == sizes[run])
      if run == 0 { #expect(single.ask(.max) == proposals) }
      for proposal in proposals.reversed() {
        try restarting.tell(proposal.id, Self.outcome(proposal))
        if run == 0 { try single.tell(proposal.id, Self.outcome(proposal)) }
      }
      generation += 1
      if let next = restarting.population.first?.id, next.run > run {
        #expect(restarting.state.initialSigma == 0.1)
        sizes.append(restarting.populationSize)
      }
    }
    #expect(single.termination != nil)
    #expect(single.ask(.max).isEmpty)
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { 2 * $0 == $1 })
  }

  @Test("means begin afresh inside the box, categories at their priors") func freshMeans() throws {
    var optimizer = try Self.make(.ipop)
    var seen: Set<[Double]> = []
    for run in 0..<3 {
      while optimizer.population[0].id.run == run {
        for proposal in optimizer.ask(.max) {
          try optimizer.tell(proposal.id, Self.outcome(proposal))
        }
      }
      let mean = try #require(optimizer.ownRecommendation.mean)
      #expect((-1...3).contains(mean.values[0]))
      #expect((6...14).contains(mean.values[1]))
      #expect(optimizer.distribution[2].shape == .probabilities([0.7, 0.3]))
      seen.insert(mean.values)
    }
    #expect(seen.count == 3)
  }

  @Test(
    "continue bit for bit after encoding",
    arguments: [OptimizerSettings.Restarts.ipop, .bipop], 0..<2 as Range<UInt64>)
  func resume(restarts: OptimizerSettings.Restarts, seed: UInt64) throws {
    var plain = try Self.make(restarts, seed: seed)
    var resumed = plain
    var last = Proposal.ID(run: 0, generation: 0, index: 0)
    while last.run < 4 {
      let proposals = plain.ask(.max)
      #expect(resumed.ask(.max) == proposals)
      for proposal in proposals { try plain.tell(proposal.id, Self.outcome(proposal)) }
      for (position, proposal) in proposals.reversed().enumerated() {
        if position == 1 {
          resumed = try JSONDecoder().decode(CatCMA.self, from: JSONEncoder().encode(resumed))
        }
        try resumed.tell(proposal.id, Self.outcome(proposal))
      }
      // The generation that closed last is remembered across a restart.
      if let first = proposals.first {
        try resumed.tell(first.id, Self.outcome(first))
        #expect(throws: (any Error).self) { try resumed.tell(first.id, .invalid) }
        last = first.id
      }
    }
    #expect(plain.population == resumed.population)
    #expect(plain.recommendation == resumed.recommendation)
  }

  @Test("what the best run found is recommended after a restart") func incumbent() throws {
    var optimizer = try Self.make(.ipop)
    var before = optimizer.recommendation
    while optimizer.population[0].id.run == 0 {
      before = optimizer.recommendation
      for proposal in optimizer.ask(.max) {
        try optimizer.tell(proposal.id, Self.outcome(proposal))
      }
    }
    #expect(optimizer.recommendation != optimizer.ownRecommendation)
    let mean = try #require(optimizer.recommendation.mean)
    let found = try #require(before.mean)
    #expect(abs(mean.values[1] - found.values[1]) < 1)
    #expect(mean.values[2] == 0)
  }

  @Test("three void generations end the search, restarts or not") func failing() throws {
    var optimizer = try Self.make(.ipop)
    for _ in 0..<3 {
      for proposal in optimizer.ask(.max) { try optimizer.tell(proposal.id, .invalid) }
    }
    #expect(optimizer.termination == .failingCandidates)
  }

  @Test("BIPOP gives the next run to the regime that has used less") func bipop() throws {
    var schedule = try #require(RestartSchedule(.bipop, populationSize: 10, sigma: 0.1))
    #expect(!schedule.isRunSpent)
    schedule.count(500)
    // The first run counts for neither: a large one follows.
    #expect(schedule.next(after: nil, seed: 1, run: 1) == .init(populationSize: 20, sigma: 0.1))
    schedule.count(600)
    #expect(!schedule.isRunSpent)
    var spent = 0
    var small: [RestartSchedule.Run] = []
    while spent < 600 {
      let run = schedule.next(after: nil, seed: 1, run: 2 + small.count)
      #expect(run.populationSize == 10)  // 10 · (½ · 20 / 10)^u
      #expect((0.001...0.1).contains(run.sigma))
      small.append(run)
      schedule.count(299)
      #expect(!schedule.isRunSpent)
      schedule.count(1)
      #expect(schedule.isRunSpent)
      spent += 300
    }
    #expect(Set(small).count == small.count)
    #expect(schedule.next(after: nil, seed: 1, run: 9) == .init(populationSize: 40, sigma: 0.1))
    schedule.count(2000)
    let run = schedule.next(after: nil, seed: 1, run: 10)
    #expect((10...20).contains(run.populationSize))
  }
}

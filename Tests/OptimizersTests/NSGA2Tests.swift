import Foundation
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("NSGA-II") struct NSGA2Tests {
  @Test("fronts, and room within them") func fronts() {
    // Higher is better: three candidates on a line, one beaten by the middle one, one by all.
    let ranking = ParetoRanking([[0, 4], [2, 2], [4, 0], [2, 1], [-1, -1], [1, 3]])
    #expect(ranking.fronts == [[0, 1, 2, 5], [3], [4]])
    #expect(ranking.ranks == [0, 0, 0, 1, 2, 0])
    #expect(ranking.crowding[0] == .infinity && ranking.crowding[2] == .infinity)
    // The middle one's neighbours are (1, 3) and (4, 0): 3/4 + 3/4.
    #expect(ranking.crowding[1] == 1.5)
    #expect(ranking.crowding[5] == 1)
    #expect(ParetoRanking([]).fronts.isEmpty)
    // Equal candidates do not dominate one another.
    #expect(ParetoRanking([[1, 1], [1, 1]]).fronts == [[0, 1]])
  }

  static func survivor(_ value: Double, _ outcome: Outcome) -> NSGA2.Survivor {
    NSGA2.Survivor(genome: Genome(values: [value]), outcome: outcome)
  }

  @Test("raced-out candidates come after every full score, later and larger first") func stopped() {
    let pool = [
      Self.survivor(0, .stopped(block: 1, difference: -0.1)),
      Self.survivor(1, .scores([0, 0])), Self.survivor(2, .stopped(block: 2, difference: -0.4)),
      Self.survivor(3, .scores([1, 1])), Self.survivor(4, .stopped(block: 2, difference: -0.2)),
    ]
    #expect(NSGA2.bestFirst(pool) == [3, 1, 4, 2, 0])
  }

  static func reals(_ count: Int, start: Double = 0.5) throws -> SearchSpace {
    try SearchSpace(
      (0..<count).map { SearchParameter("x\($0)", .real(range: 0...1, start: start)) })
  }

  static func make(
    _ space: SearchSpace, objectives: Int = 2, seed: UInt64 = 1
  ) throws -> NSGA2 {
    try NSGA2(
      space: space, settings: .init(budget: 5000, objectives: objectives), seed: seed)
  }

  /// ZDT1 (convex) and ZDT2 (concave), negated: the front has g = 1.
  static func zdt(_ x: [Double], isConcave: Bool) -> [Double] {
    let g = 1 + 9 * x.dropFirst().reduce(0, +) / Double(x.count - 1)
    let ratio = x[0] / g
    return [-x[0], -g * (1 - (isConcave ? ratio * ratio : ratio.squareRoot()))]
  }

  @Test(
    "finds and covers the fronts of ZDT1 and ZDT2", arguments: [false, true],
    1...2 as ClosedRange<UInt64>)
  func zdt(isConcave: Bool, seed: UInt64) throws {
    var optimizer = try Self.make(Self.reals(8), seed: seed)
    #expect(optimizer.populationSize == 20)
    for _ in 0..<200 {
      for proposal in optimizer.ask(.max) {
        try optimizer.tell(
          proposal.id, .scores(Self.zdt(proposal.genome.values, isConcave: isConcave)))
      }
    }
    let front = optimizer.recommendation.front
    #expect(front.count >= 18)
    let first = front.map { $0.values[0] }.sorted()
    for genome in front {
      #expect(genome.values.dropFirst().reduce(0, +) < 0.15)
    }
    #expect(first[0] < 0.05)
    #expect(first[first.count - 1] > 0.9)
    let gaps = zip(first, first.dropFirst()).map { $1 - $0 }
    #expect((gaps.max() ?? 1) < 0.25)
  }

  @Test("three objectives, integers and categories") func mixed() throws {
    let space = try SearchSpace([
      SearchParameter("w", .real(range: nil, start: 2, step: 1)),
      SearchParameter("k", .integer(range: 0...9, start: 0)),
      SearchParameter("m", .categorical(choices: ["a", "b", "c"])),
      SearchParameter("one", .categorical(choices: ["only"])),
      SearchParameter(
        "d", .real(range: 0...1, start: 0.5), activeWhen: [Condition("m", isOneOf: ["c"])]),
    ])
    var optimizer = try Self.make(space, objectives: 3)
    for _ in 0..<80 {
      let proposals = optimizer.ask(.max)
      for proposal in proposals {
        try space.validate(proposal.genome, at: "child")
        let values = proposal.genome.values
        let miss = values[2] == 2 ? 0.0 : 1
        try optimizer.tell(
          proposal.id,
          .scores([-abs(values[0]) - miss, -abs(values[1] - 7) - miss, -abs(values[0] - 1) - miss]))
      }
    }
    let front = optimizer.recommendation.front
    #expect(front.allSatisfy { $0.values[2] == 2 })
    #expect(front.contains { $0.values[1] == 7 })
    #expect(front.contains { abs($0.values[0]) < 0.05 })
    #expect(front.contains { abs($0.values[0] - 1) < 0.05 })
  }

  @Test("no child repeats a survivor, and the start is proposed first") func children() throws {
    let space = try SearchSpace([
      SearchParameter("s", .integer(range: 0...1, start: 0)),
      SearchParameter("m", .categorical(choices: ["a", "b"])),
      SearchParameter("w", .real(range: 0...1, start: 0.25)),
    ])
    var optimizer = try Self.make(space)
    #expect(optimizer.population[0].genome == space.start)
    for _ in 0..<20 {
      let proposals = optimizer.ask(.max)
      #expect(
        Set(optimizer.state.survivors.map(\.genome)).isDisjoint(with: proposals.map(\.genome)))
      for proposal in proposals {
        try optimizer.tell(
          proposal.id, .scores([proposal.genome.values[2], -proposal.genome.values[2]]))
      }
    }
  }

  @Test("lost and failed candidates never survive; three void generations end the search")
  func failures() throws {
    var optimizer = try Self.make(Self.reals(3))
    for proposal in optimizer.ask(.max) {
      let outcome: Outcome =
        switch proposal.id.index % 4 {
        case 0: .invalid
        case 1: .dropped
        default: .scores([proposal.genome.values[0], 0])
        }
      try optimizer.tell(proposal.id, outcome)
    }
    #expect(optimizer.recommendation.front.count == 1)
    for _ in 0..<3 {
      #expect(optimizer.termination == nil)
      for proposal in optimizer.ask(.max) { try optimizer.tell(proposal.id, .invalid) }
    }
    #expect(optimizer.termination == .failingCandidates)
  }

  @Test("CMA-ES refuses several objectives, NSGA-II restarts and warm starts") func refusals()
    throws
  {
    func message(_ name: String, _ settings: OptimizerSettings) -> String {
      do {
        _ = try AnyOptimizer(
          name, space: Self.reals(2), settings: settings, seed: 0, at: "search.algorithm")
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(
      message("auto", .init(budget: 10, objectives: 2)) == """
        optimizer: CMA-ES searches for one objective, not 2
          fix: use 'algorithm: nsga-ii', or one weighted score
        """)
    #expect(
      message("nsga-ii", .init(budget: 10, restarts: .ipop, objectives: 2)) == """
        optimizer: 'nsga-ii' does not restart
          fix: leave out 'restarts', or use 'algorithm: auto'
        """)
    #expect(message("nsga-ii", .init(budget: 10, objectives: 2)) == "accepted")
    #expect(message("random", .init(budget: 10, objectives: 2)) == "accepted")
    #expect(message("nsga-ii", .init(budget: 10, objectives: 0)).contains("0 objectives"))
  }
}

import Diagnostics
import Foundation
import Optimizers
import Randomness
import SearchSpaces
import Testing

/// The laws that every registered algorithm obeys.
@Suite("Every optimizer") struct EveryOptimizerTests {
  /// Reals, an integer, a switch and categories with a condition; `cma-es` gets no categories.
  static func space(for algorithm: String) throws -> SearchSpace {
    var parameters = [
      SearchParameter("a", .real(range: 0...1, start: 0.5)),
      SearchParameter("b", .real(range: -0.2...1.6, start: 0.6)),
      SearchParameter("c", .real(range: nil, start: 3, step: 2)),
      SearchParameter("k", .integer(range: 1...6, start: 2)),
      SearchParameter("s", .integer(range: 0...1, start: 0)),
      SearchParameter("one", .integer(range: 4...4, start: 4)),
    ]
    if !algorithm.contains("cma-es") {
      parameters += [
        SearchParameter("m", .categorical(choices: ["x", "y", "z"], initial: [0.6, 0.2, 0.2])),
        SearchParameter(
          "d", .real(range: 0.1...1, start: 0.5), activeWhen: [Condition("m", isOneOf: ["y"])]),
      ]
    }
    return try SearchSpace(parameters)
  }

  static func make(_ algorithm: String, seed: UInt64) throws -> AnyOptimizer {
    try AnyOptimizer(
      algorithm, space: try space(for: algorithm), settings: OptimizerSettings(budget: 200),
      seed: seed, at: "test")
  }

  /// A score with ties, failures, stops and drops here and there.
  static func outcome(_ proposal: Proposal) -> Outcome {
    let values = proposal.genome.values
    switch (proposal.id.generation * 31 + proposal.id.index * 7) % 23 {
    case 0: return .invalid
    case 1: return .stopped(block: proposal.id.index % 3, difference: -0.1)
    case 2: return .dropped
    default:
      let distance = (values[0] - 0.3) * (values[0] - 0.3) + abs(values[2]) + abs(values[3] - 4)
      return .scores([-(distance * 20).rounded() / 20])
    }
  }

  static func encoded(_ optimizer: AnyOptimizer) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(optimizer)
  }

  @Test(
    "continues bit for bit after encoding, whatever the order of tell",
    arguments: Algorithms.all.names, 0..<3 as Range<UInt64>)
  func resume(algorithm: String, seed: UInt64) throws {
    var plain = try Self.make(algorithm, seed: seed)
    var resumed = plain
    var shuffler = RandomStream(seed: seed, purpose: .examples).sequential
    for _ in 0..<8 {
      let proposals = plain.ask(.max)
      for proposal in proposals { try plain.tell(proposal.id, Self.outcome(proposal)) }

      var handed: [Proposal] = []
      while handed.count < proposals.count { handed += resumed.ask(3) }
      #expect(handed == proposals)
      for (position, proposal) in handed.shuffled(using: &shuffler).enumerated() {
        if position % 4 == 1 {
          resumed = try JSONDecoder().decode(AnyOptimizer.self, from: Self.encoded(resumed))
        }
        try resumed.tell(proposal.id, Self.outcome(proposal))
        try resumed.tell(proposal.id, Self.outcome(proposal))
      }
      #expect(try Self.encoded(plain) == Self.encoded(resumed))
      #expect(plain.population == resumed.population)
    }
    #expect(plain.generation == 8)
  }

  @Test("proposes valid genomes, each once", arguments: Algorithms.all.names)
  func validity(algorithm: String) throws {
    var optimizer = try Self.make(algorithm, seed: 5)
    for generation in 0..<5 {
      let population = optimizer.population
      #expect(population.map(\.id.index) == Array(0..<optimizer.populationSize))
      let proposals = optimizer.ask(2) + optimizer.ask(0) + optimizer.ask(.max) + optimizer.ask(1)
      #expect(proposals == population)
      for proposal in proposals {
        try optimizer.space.validate(proposal.genome, at: "proposal")
        #expect(proposal.genome.values[5] == 4)
        #expect(proposal.point.allSatisfy { $0.isFinite })
        #expect(proposal.id == .init(run: 0, generation: generation, index: proposal.id.index))
      }
      #expect(!optimizer.told.contains(true))
      for proposal in proposals { try optimizer.tell(proposal.id, Self.outcome(proposal)) }
    }
    #expect(
      optimizer.distribution.isEmpty
        || optimizer.distribution.count == optimizer.space.parameters.count)
  }

  @Test("another seed gives other candidates", arguments: Algorithms.all.names)
  func seeds(algorithm: String) throws {
    // But for the start itself, which some propose first.
    let start = try Self.space(for: algorithm).start
    let first = try Self.make(algorithm, seed: 1).population.map(\.genome)
    let second = try Self.make(algorithm, seed: 2).population.map(\.genome)
    #expect(Set(first).subtracting([start]).isDisjoint(with: second))
  }

  @Test("refuses contradictions and strangers", arguments: Algorithms.all.names)
  func refusals(algorithm: String) throws {
    var optimizer = try Self.make(algorithm, seed: 3)
    let size = optimizer.populationSize
    let first = optimizer.ask(1)[0].id
    try optimizer.tell(first, .scores([0.5]))
    let state = try Self.encoded(optimizer)
    func message(_ id: Proposal.ID, _ outcome: Outcome) -> String {
      do {
        try optimizer.tell(id, outcome)
        return "accepted"
      } catch { return error.description }
    }
    #expect(
      message(first, .invalid) == """
        candidate 0/0/0: already has the result scores([0.5]), so invalid cannot replace it
          fix: tell every candidate once; the first result counts
        """)
    #expect(
      message(first, .scores([0.1, 0.2])) == """
        candidate 0/0/0: 2 scores for 1 objective
          fix: tell one score per objective
        """)
    for id in [
      Proposal.ID(run: 0, generation: 0, index: size),
      Proposal.ID(run: 0, generation: 1, index: 0), Proposal.ID(run: 0, generation: 0, index: -1),
      Proposal.ID(run: 1, generation: 0, index: 0),
    ] {
      #expect(
        message(id, .invalid) == """
          candidate \(id): no such candidate: the open generation is 0/0 with \(size) candidates
            fix: tell only candidates that were asked for
          """)
    }
    #expect(try Self.encoded(optimizer) == state)
    // Scores that are not numbers count as failures, also in repeats.
    let second = Proposal.ID(run: 0, generation: 0, index: 1)
    try optimizer.tell(second, .scores([.nan]))
    try optimizer.tell(second, .invalid)
    try optimizer.tell(second, .scores([-.infinity]))
  }

  @Test(
    "remembers the outcomes of the generation that closed last", arguments: Algorithms.all.names)
  func repeatsAcrossGenerations(algorithm: String) throws {
    var optimizer = try Self.make(algorithm, seed: 4)
    for _ in 0..<3 {
      for proposal in optimizer.ask(.max) { try optimizer.tell(proposal.id, .scores([0.25])) }
    }
    let state = try Self.encoded(optimizer)
    try optimizer.tell(.init(run: 0, generation: 2, index: 1), .scores([0.25]))
    try optimizer.tell(.init(run: 0, generation: 0, index: 1), .scores([0.75]))
    #expect(throws: Diagnostic.self) {
      try optimizer.tell(.init(run: 0, generation: 2, index: 1), .scores([0.75]))
    }
    #expect(try Self.encoded(optimizer) == state)
  }

  @Test("a result that was given up may arrive late", arguments: Algorithms.all.names)
  func late(algorithm: String) throws {
    var optimizer = try Self.make(algorithm, seed: 6)
    for proposal in optimizer.ask(.max) {
      try optimizer.tell(proposal.id, proposal.id.index == 1 ? .dropped : .scores([0.5]))
    }
    let state = try Self.encoded(optimizer)
    try optimizer.tell(.init(run: 0, generation: 0, index: 1), .scores([0.75]))
    #expect(try Self.encoded(optimizer) == state)
  }
}

import PopulationStore
import Tasks
import TestSupport
import Testing

@testable import SearchDriver

@Suite("A race") struct RaceTests {
  /// A runner whose answers to items of one task are given.
  private func runner(_ id: Int, _ answers: [Double]) -> Race.Runner {
    Race.Runner(
      candidate: id, score: answers.reduce(0, +) / Double(answers.count),
      seen: SeenItems(
        positions: [Array(answers.indices)], values: [answers.map { .value($0) }], decoded: [0],
        changed: [0]))
  }

  private func compare(_ first: SeenItems, _ second: SeenItems) -> PairedEstimate {
    PairedEstimate(
      [
        PairedStratum(
          task: "t", weight: 1, metric: Metric("acc"), first: first.values[0],
          second: second.values[0])
      ], outOf: [400])
  }

  private func answers(right: Int, of count: Int = 100) -> [Double] {
    (0..<count).map { $0 < right ? 1 : 0 }
  }

  @Test("stops who is confidently behind the last leader, never a leader")
  func stops() {
    let runners = [30, 80, 78, 20, 77].enumerated().map { runner($0 + 1, answers(right: $1)) }
    let stops = Race(leaders: 2, confidence: 0.95).stops(runners, compare: compare)
    #expect(stops.map(\.candidate) == [1, 4])
    #expect(abs(stops[0].difference + 0.48) < 1e-12)
    #expect(Race(leaders: 5, confidence: 0.95).stops(runners, compare: compare).isEmpty)
    #expect(Race(leaders: 4, confidence: 0.95).stops(runners, compare: compare).count == 1)
  }

  @Test("equal scores: the earlier candidate leads, and nobody is behind")
  func ties() {
    let runners = (1...4).map { runner($0, answers(right: 50)) }
    #expect(Race(leaders: 1, confidence: 0.95).stops(runners, compare: compare).isEmpty)
  }

  @Test("asks for more confidence before it stops more")
  func confidence() {
    let runners = [60, 54].enumerated().map { runner($0 + 1, answers(right: $1)) }
    #expect(Race(leaders: 1, confidence: 0.95).stops(runners, compare: compare).count == 1)
    #expect(Race(leaders: 1, confidence: 0.999).stops(runners, compare: compare).isEmpty)
  }

  @Test("blocks have their share of every task, and clusters stay together")
  func places() throws {
    let clusters = (0..<60).map { "c\($0 / 3)" as String? }
    let tasks: [(name: String, clusters: [String?])] = [
      ("a", Array(repeating: nil, count: 83)), ("b", clusters),
    ]
    let weights = tasks.map { [Double](repeating: 1, count: $0.clusters.count) }
    let places = ItemBlocks.places(of: tasks, count: 4, weights: weights, seed: 9)
    #expect(places.count == 143)
    for task in ["a", "b"] {
      let own = places.filter { $0.task == task }
      #expect(Set(own.map(\.position)).count == own.count)
      let sizes = (0..<4).map { block in own.count { $0.block == block } }
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= (task == "a" ? 1 : 3), "\(sizes)")
    }
    for place in places where place.task == "b" {
      let mates = places.filter { $0.task == "b" && $0.position / 3 == place.position / 3 }
      #expect(Set(mates.map(\.block)).count == 1)
    }
    #expect(ItemBlocks.places(of: tasks, count: 4, weights: weights, seed: 9) == places)
    #expect(ItemBlocks.places(of: tasks, count: 4, weights: weights, seed: 10) != places)
  }
}

@Suite("A search that races") struct RacingSearchTests {
  @Test("μ of a generation run to the end, and their scores are what they are without a race")
  func survivors() async throws {
    var search = try SmallSearch(items: 60)
    search.population = 8
    search.evaluations = 36
    search.evaluation = ", racing: true"
    let store = try await search.run(store: "race.sqlite")
    #expect(try store.search().plan?.racing == true)
    let candidates = try store.candidates(.kind(.search))
    let evaluations = try store.evaluations(split: .search)
    let whole = try #require(evaluations.filter(\.isComplete).map(\.requestedTokens).first)
    var stopped = 0
    for generation in Set(candidates.compactMap(\.proposal?.generation)) {
      let own = candidates.filter { $0.proposal?.generation == generation }
      #expect(own.count { $0.status == .scored } >= 4)
      for candidate in own {
        guard case .stopped(_, let difference) = candidate.status else { continue }
        stopped += 1
        #expect(difference < 0)
        let partial = try #require(evaluations.first { $0.key.candidate == candidate.id })
        #expect(!partial.isComplete)
        #expect(partial.cost == Double(partial.requestedTokens) / Double(whole))
      }
    }
    #expect(stopped > 0)

    let inputs = try SearchInputs.open(try search.configuration(store: "other.sqlite"))
    let manner = inputs.searchManner
    for candidate in candidates where candidate.status == .scored {
      let sheet = try inputs.score([(candidate, inputs.maskSeed(of: candidate))], manner)[0].get()
      let stored = try #require(
        try store.evaluation(manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))))
      #expect(stored.score == sheet.score)
      #expect(stored.standardError == sheet.standardError)
      #expect(stored.tasks == sheet.tasks.map(\.score))
      #expect(stored.requestedTokens == sheet.requestedTokens)
    }
  }

  @Test("is the same with one thread and with two")
  func threads() async throws {
    var search = try SmallSearch(items: 60)
    search.population = 8
    search.evaluations = 36
    search.evaluation = ", racing: true"
    let one = try await search.run(store: "one.sqlite").dump()
    #expect(try await search.run(store: "two.sqlite", threads: 2).dump() == one)
  }

  @Test("is refused where it cannot be, by name and remedy")
  func refusals() throws {
    var search = try SmallSearch(items: 12)
    search.evaluation = ", racing: true"
    let few = #expect(throws: (any Error).self) {
      try SearchInputs.open(try search.configuration())
    }
    #expect("\(try #require(few))".contains("fewer than 80 items"))
    search.evaluation = ", racing: auto"
    #expect(try SearchInputs.open(try search.configuration()).settings.blocks == nil)
  }
}

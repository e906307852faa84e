import Diagnostics
import Foundation
import PopulationStore
import Randomness
import Tasks
import TestSupport
import Testing

@testable import SearchDriver

@Suite("Items in proportion to what they tell") struct InformativeItemsTests {
  private func units(_ variances: [Double], tokens: Int = 10) -> [InformativeItems.Unit] {
    variances.map { InformativeItems.Unit(variance: $0, tokens: tokens) }
  }

  @Test("the expected tokens are the share that was asked for")
  func share() {
    let tasks = [
      units((0..<60).map { Double($0 % 4) / 4 }), units([0, 0, 0.2, 0.25, 0.1], tokens: 70),
    ]
    for share in [0.1, 0.25, 0.6] {
      let chosen = InformativeItems.probabilities(tasks, share: share)
      var expected = 0.0
      for (units, chosen) in zip(tasks, chosen) {
        #expect(chosen.allSatisfy { $0 > 0 && $0 <= 1 })
        for (unit, probability) in zip(units, chosen) {
          expected += probability * Double(unit.tokens)
        }
      }
      #expect(abs(expected / 950 - share) < 1e-6)
    }
  }

  @Test("what all baselines answer alike is kept as a sentinel")
  func sentinels() {
    let chosen = InformativeItems.probabilities(
      [units(Array(repeating: 0.2, count: 50) + Array(repeating: 0, count: 50))], share: 0.2)[0]
    #expect(chosen[0] > 3 * chosen[99])
    #expect(chosen[99] >= 0.02)
  }

  @Test("a dear item is asked less often than a cheap one that tells as much")
  func costs() {
    let chosen = InformativeItems.probabilities(
      [units([0.2], tokens: 400) + units(Array(repeating: 0.2, count: 40), tokens: 100)],
      share: 0.2)[0]
    #expect(abs(chosen[1] / chosen[0] - 2) < 1e-6)
  }

  @Test("without any disagreement every item has the same chance per root token")
  func alike() {
    let chosen = InformativeItems.probabilities([units([0, 0, 0, 0])], share: 0.5)[0]
    #expect(chosen.allSatisfy { abs($0 - 0.5) < 1e-6 })
  }
}

@Suite("The estimate of a full score") struct FullScoreEstimateTests {
  private let stream = RandomStream(seed: 1, purpose: .resampling)

  @Test("of a candidate that answers as a mixture of baselines has little of the draw's luck")
  func regression() {
    let count = 400
    let first = (0..<count).map { stream.uniform(at: $0) }
    let second = (0..<count).map { stream.uniform(at: 1000 + $0) }
    let candidate = (0..<count).map { index in
      0.7 * first[index] + 0.3 * second[index] + 0.05 * stream.normal(at: 5000 + index)
    }
    func mean(_ values: [Double], _ seen: [Int]) -> Double {
      seen.reduce(0) { $0 + values[$1] } / Double(seen.count)
    }
    let all = Array(0..<count)
    var plain = 0.0
    var estimated = 0.0
    for draw in 0..<20 {
      let seen = all.filter { stream.uniform(at: 10_000 + draw * count + $0) < 0.15 }
      let controls = [first, second].map { values in
        FullScoreEstimate.Control(
          values: seen.map { values[$0] }, seenScore: mean(values, seen),
          fullScore: mean(values, all))
      }
      let score = mean(candidate, seen)
      let estimate = FullScoreEstimate.score(
        score, values: seen.map { candidate[$0] }, weights: seen.map { _ in 1 },
        controls: controls)
      let truth = mean(candidate, all)
      plain += (score - truth) * (score - truth)
      estimated += (estimate - truth) * (estimate - truth)
    }
    #expect(estimated < 0.25 * plain)
  }

  @Test("without controls, or with those that do not vary, is the score itself")
  func plain() {
    #expect(FullScoreEstimate.score(0.4, values: [0, 1], weights: [1, 1], controls: []) == 0.4)
    let flat = FullScoreEstimate.Control(values: [1, 1], seenScore: 1, fullScore: 0.5)
    #expect(
      FullScoreEstimate.score(0.4, values: [0, 1], weights: [1, 1], controls: [flat]) == 0.4)
  }
}

@Suite("A search on subsets") struct SubsetSearchTests {
  private func search(_ evaluation: String) throws -> SmallSearch {
    var search = try SmallSearch(items: 100)
    search.population = 8
    search.evaluations = 30
    search.evaluation = evaluation
    return search
  }

  @Test("tries more candidates for the same tokens, rotates, and shows finalists all items")
  func subset() async throws {
    let search = try search(", subset: 0.25, racing: false")
    let store = try await search.run(store: "subset.sqlite")
    let candidates = try store.candidates(.kind(.search))
    #expect(candidates.count > 60)
    #expect(candidates.allSatisfy { $0.duplicateOf != nil || $0.told != nil })
    let manner = try SearchInputs.open(try search.configuration(store: "x.sqlite")).searchManner
    var asked: [Int: Set<Int>] = [:]
    for candidate in candidates where candidate.duplicateOf == nil {
      let blocks = try store.itemBlocks(manner.key(candidate.id, maskSeed: 0))
      let generation = try #require(candidate.proposal?.generation)
      let seen = Set(
        blocks.filter { $0.block == 0 && $0.task == "arith_gen" }.flatMap(\.items.positions))
      #expect(asked[generation, default: seen] == seen)
      asked[generation] = seen
    }
    // Neighbours share most of their items, and none sees them all.
    let sets = asked.sorted { $0.key < $1.key }.map(\.value)
    for (first, second) in zip(sets, sets.dropFirst()) {
      #expect(first != second)
      #expect(first.intersection(second).count * 2 > first.count)
      #expect(first.count < 60)
    }
    let spent = try store.chargedCost()
    #expect(spent <= 30 && spent > 10)
    for finalist in try store.finalists(round: 1) {
      let evaluation = try #require(
        try store.evaluation(manner.key(finalist.candidate, maskSeed: 0)))
      #expect(evaluation.isComplete)
      #expect(evaluation.tasks.map(\.count) == [100, 100])
    }
  }

  @Test("a finalist's completed score is what it is when scored at once")
  func completion() async throws {
    let search = try search(", subset: 0.45, racing: true")
    let store = try await search.run(store: "subset.sqlite")
    let inputs = try SearchInputs.open(try search.configuration(store: "x.sqlite"))
    let manner = inputs.searchManner
    for finalist in try store.finalists(round: 1) {
      let candidate = try store.candidate(finalist.candidate)
      let sheet = try inputs.score([(candidate, 0)], manner)[0].get()
      let stored = try #require(try store.evaluation(manner.key(candidate.id, maskSeed: 0)))
      #expect(stored.score == sheet.score)
      #expect(stored.tasks == sheet.tasks.map(\.score))
    }
    #expect(try await search.run(store: "two.sqlite", threads: 2).dump() == store.dump())
  }

  @Test("a perplexity without bound is a failure of the candidate, not of the program")
  func unboundedPerplexity() throws {
    let search = try SmallSearch(items: 12)
    try search.folder.write(
      """
      task: arith_gen
      kind: perplexity
      splits: {search: arith_gen.search.jsonl, validation: arith_gen.validation.jsonl, test: arith_gen.test.jsonl}
      text: prompt
      metrics: [word_perplexity]
      """, to: "arith_gen.yaml")
    let inputs = try SearchInputs.open(try search.configuration())
    let manner = inputs.searchManner
    func evaluation(nats: Double) throws -> Evaluation {
      let seen = SeenItems(
        positions: [[0], [0]],
        values: [[.ratio(numerator: nats, denominator: 1)], [.value(1)]], decoded: [0, 0],
        changed: [0, 0])
      let weights = [[Double](repeating: 1, count: 12), [Double](repeating: 1, count: 12)]
      return try inputs.evaluation(
        manner.key(1, maskSeed: 0), of: seen, manner, itemWeights: weights)
    }
    #expect(try evaluation(nats: -2).score < 0)
    let error = #expect(throws: Diagnostic.self) { try evaluation(nats: -1e4) }
    #expect("\(try #require(error))".contains("too improbable for a perplexity"))
  }

  /// So many search items of each task, taken from the test split of the demo, and few others.
  private func largeSearch(items: Int) throws -> SmallSearch {
    var search = try SmallSearch(items: 6)
    search.evaluations = 100
    for task in ["arith_gen", "letters_gen"] {
      for (split, source, count) in [("search", "test", items), ("test", "search", 6)] {
        let text = try String(
          contentsOfFile: "\(SmallSearch.demo)/benchmarks/\(task).\(source).jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").prefix(count).joined(separator: "\n")
        try search.folder.write(lines + "\n", to: "\(task).\(split).jsonl")
      }
    }
    return search
  }

  @Test("is what a search does by itself where a quarter of the items is enough")
  func byDefault() throws {
    func share(items: Int, _ evaluation: String, rules: String = "") throws -> Double? {
      var search = try largeSearch(items: items)
      search.evaluation = evaluation
      search.rules = rules
      return try SearchInputs.open(try search.configuration()).settings.blocks?.subset
    }
    #expect(try share(items: 320, "") == 0.25)
    #expect(try share(items: 320, ", subset: auto") == 0.25)
    #expect(try share(items: 318, "") == nil)
    #expect(try share(items: 320, ", subset: none") == nil)
    #expect(try share(items: 320, ", subset: 1") == nil)
    #expect(try share(items: 320, "", rules: ", target: 0.9") == nil)
    #expect(try share(items: 320, "", rules: ", aggregate: worst") == nil)
  }

  @Test("is not taken by itself of scores that are no means of hits")
  func unlikeMetrics() throws {
    let search = try largeSearch(items: 320)
    let task = try String(contentsOfFile: search.folder.file("arith_gen.yaml"), encoding: .utf8)
    try search.folder.write(
      task.replacingOccurrences(of: "[exact_match]", with: "[margin]"), to: "arith_gen.yaml")
    #expect(try SearchInputs.open(try search.configuration()).settings.blocks?.subset == nil)
  }

  @Test("is refused where it tells too little, by name and remedy")
  func refusals() throws {
    var few = try SmallSearch(items: 12)
    few.evaluation = ", subset: 0.5"
    let error = #expect(throws: (any Error).self) {
      try SearchInputs.open(try few.configuration())
    }
    #expect("\(try #require(error))".contains("a subset of 12 of 24 items tells too little"))
    few.evaluation = ", subset: 1.5"
    #expect(throws: (any Error).self) { try few.configuration() }
  }
}

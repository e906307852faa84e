import Foundation
@testable import PopulationStore
import SearchSpaces
import TestSupport
import Testing

@Suite("A store") struct PopulationStoreTests {
  let folder: TemporaryFolder
  var path: String { folder.file("search.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  @Test("returns the search that was put", arguments: [false, true])
  func search(plansLate: Bool) throws {
    var script = ScriptedSearch()
    script.plansLate = plansLate
    let new = try script.newSearch()
    let store = try StoreReservation(at: path, configuration: new.configuration).publish(new)
    let search = try store.search()
    #expect(search.name == new.name)
    #expect(search.configuration == new.configuration)
    #expect(search.seed == .max)
    #expect(search.bootstrapSeed == new.bootstrapSeed)
    #expect(search.precision == "bf16")
    #expect(search.decode == "never")
    #expect(search.phase == .baselines)
    #expect(search.models == new.models)
    #expect(search.tasks == new.tasks)
    #expect(search.plan == new.plan)
    #expect(search.budget == new.budget)
    #expect(try store.benchmarks() == new.benchmarks)
    #expect(
      try store.candidates()
        == zip(1..., new.baselines).map { id, new in
          Candidate(
            id: id, kind: new.kind, name: new.name, proposal: nil, genome: new.genome, point: nil,
            recipe: new.recipe, fingerprint: new.fingerprint, duplicateOf: nil, status: .pending)
        })
  }

  @Test("keeps doubles and 64-bit patterns to the bit")
  func exactness() throws {
    let store = try StoreReservation(at: path, configuration: "{}")
      .publish(ScriptedSearch().newSearch())
    let values = [-0.0, .leastNonzeroMagnitude, .pi, -1e308, 0.1 + 0.2]
    let candidates = try store.open(
      NewGeneration(
        run: 0, number: 0, state: Data(0...255),
        candidates: [
          NewCandidate(
            kind: .search, proposal: .init(run: 0, generation: 0, index: 0),
            genome: Genome(values: values), point: values, recipe: "é'\n",
            fingerprint: 0x8000_0000_0000_0001, duplicateOf: 4)
        ]))
    let back = try store.candidate(candidates[0].id)
    #expect(back == candidates[0])
    #expect(back.point?.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try store.openGeneration()?.state == Data(0...255))

    let key = EvaluationKey(
      candidate: 1, split: .test, precision: "f32", decode: "always", maskSeed: .max)
    let evaluation = Evaluation(
      key: key, score: -0.0, standardError: 0.1 + 0.2, requestedTokens: .max, cost: 1 / 3,
      isComplete: true, tasks: [])
    try store.commit(Wave(evaluations: [evaluation]))
    try store.commit(
      Wave(texts: [SampleText(key: key, task: "sums", position: 0, text: "a\0b")]))
    #expect(try store.sampleTexts(key).map(\.text) == ["a\u{2400}b"])
    let read = try #require(try store.evaluation(key))
    #expect(read == evaluation)
    #expect(read.score.sign == .plus && evaluation.score.sign == .plus)
  }

  @Test("returns the results that were put")
  func results() throws {
    let store = try ScriptedSearch().finished(at: path)
    let search = try store.search()
    #expect(search.phase == .finished)

    let first = search.searchKey(1, maskSeed: 0)
    let evaluation = try #require(try store.evaluation(first))
    #expect(evaluation.tasks.map(\.task) == ["sums", "words"])
    #expect(try store.itemBlocks(first).map(\.block) == [0, 1, 0, 1])
    #expect(
      try store.itemBlocks(first).map(\.items.positions) == [
        [0, 2, 4, 6], [1, 3, 5, 7], [0, 2, 4, 6], [1, 3, 5, 7],
      ])
    let validation = EvaluationKey(
      candidate: 1, split: .validation, precision: "f32", decode: "unproved", maskSeed: 0)
    #expect(
      try store.sampleTexts(validation) == [
        SampleText(key: validation, task: "sums", position: 1, text: "2 + 2 = 4\n")
      ])
    #expect(
      try store.evaluations(of: 1).map(\.key.split) == [.search, .search, .validation, .test])
    #expect(try store.evaluations(split: .test).map(\.key.candidate) == [1, 2, 3, 4, 17])

    #expect(try store.candidate(6).status == .failed("logits of layer 3 are not finite"))
    #expect(try store.candidate(8).status == .stopped(block: 0, difference: -0.25))
    #expect(try store.candidates(.generation(run: 0, number: 1)).map(\.id) == [9, 10, 11, 12])
    #expect(try store.candidates(.baselines).map(\.id) == [1, 2, 3, 4])
    #expect(try store.candidates(.kind(.finalist)).map(\.id) == [17])
    #expect(try store.candidate(fingerprint: 2001)?.id == 14)
    #expect(try store.candidate(fingerprint: 77) == nil)
    #expect(try store.generations().map(\.outcome) == [.closed, .void, .closed])
    #expect(try store.openGeneration() == nil)
    // 12 candidates: one failed, three raced out after half of the items.
    #expect(try store.chargedCost() == 8 + 3 * 0.5)

    #expect(try store.testLooks().map(\.candidates) == [[1, 2, 3, 4, 17]])
    let conclusion = try #require(try store.conclusions().first)
    #expect(conclusion.winner == 17)
    #expect(conclusion.comparisons.map(\.role) == [.bestParent, .bestSimple, .parent])
    #expect(try store.events(kind: "session").map(\.session) == [1])
    #expect(try store.runningTime() == 1.5)
  }

  @Test("keeps every tenth optimizer state and the last two")
  func states() throws {
    var script = ScriptedSearch()
    script.generations = 13
    let store = try script.finished(at: path)
    let kept = try store.generations().filter { $0.state != nil }.map(\.number)
    #expect(kept == [0, 10, 11, 12])
  }

  @Test("goes on after an extension and concludes a second round")
  func extended() throws {
    let script = ScriptedSearch()
    let store = try script.finished(at: path)
    try store.extend(to: Budget(evaluations: 16))
    #expect(try store.search().phase == .searching)
    try script.run(store)
    #expect(try store.search().budgets.map(\.evaluations) == [12, 16])
    #expect(try store.generations().count == 4)
    #expect(try store.conclusions().map(\.round) == [1, 2])
    #expect(try store.testLooks().map(\.round) == [1, 2])
    try store.noteTestLook(.evaluate, round: nil, candidates: [5])
    try store.noteTestLook(.evaluate, round: nil, candidates: [5])
    #expect(try store.testLooks().map(\.number) == [1, 2, 3, 4])
  }

  @Test("stalls with a reason, and notes where a model has gone")
  func stalled() throws {
    let store = try StoreReservation(at: path, configuration: "{}")
      .publish(ScriptedSearch().newSearch())
    try store.relocate(model: "left", to: "/elsewhere/left")
    #expect(
      try store.search().models.map(\.path) == [
        "/models/base", "/elsewhere/left", "/models/right",
      ])
    try store.stall("three generations in a row failed")
    #expect(try store.search().phase == .stalled)
    #expect(try store.search().reason == "three generations in a row failed")
    try store.extend(to: Budget(evaluations: 20))
    #expect(try store.search().phase == .baselines)
    #expect(try store.search().reason == nil)
  }

  @Test("says which candidates there are")
  func unknownCandidate() throws {
    let store = try StoreReservation(at: path, configuration: "{}")
      .publish(ScriptedSearch().newSearch())
    #expect {
      try store.candidate(9)
    } throws: { error in
      "\(error)" == "\(store.path): there is no candidate 9\n  fix: use a number from 1 to 4"
    }
  }

  @Test("shows people the best, the winner and the progress")
  func views() throws {
    let store = try ScriptedSearch().finished(at: path)
    try store.close()
    let best = try shell("SELECT id, generation, place, round(score, 6) FROM best_observed")
    let highest = try #require(
      try PopulationStore.open(path, for: .reading).evaluations(split: .search)
        .filter { $0.isComplete && $0.key.candidate > 4 }
        .max { ($0.score, $1.key.candidate) < ($1.score, $0.key.candidate) })
    #expect(best.first?.split(separator: "|").first == "\(highest.key.candidate)")
    #expect(try shell("SELECT id, name FROM winner") == ["17|mean of the distribution, round 1"])
    #expect(
      try shell("SELECT run, generation, outcome, candidates, scored, failed FROM progress") == [
        "0|0|closed|4|2|1", "0|1|void|4|3|0", "0|2|closed|4|3|0",
      ])
  }

  /// The answer of SQLite itself, one line per row.
  private func shell(_ sql: String) throws -> [String] {
    try PopulationStore.open(path, for: .reading).rows(sql)
  }
}

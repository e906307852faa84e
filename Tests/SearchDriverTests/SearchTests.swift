import Diagnostics
import Documents
import Foundation
import PopulationStore
import Synchronization
import Tasks
import TestSupport
import Testing

@testable import SearchDriver

@Suite("A search from its file to its verdict") struct SearchTests {
  private func start(
    _ search: SmallSearch, store: String = "store.sqlite"
  ) async throws -> Conclusion {
    try #require(
      await Search.start(
        try search.configuration(store: store), clock: ContinuousClock(), observer: { _ in }))
  }

  @Test("ends with a winner, comparisons with parents and simple merges, and a look at test")
  func wholeSearch() async throws {
    let search = try SmallSearch()
    let conclusion = try await start(search)
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    #expect(try store.search().phase == .finished)
    #expect(conclusion.comparisons.map(\.role) == [.bestParent, .bestSimple, .parent, .parent])
    #expect(conclusion.comparisons.allSatisfy { $0.low <= $0.gain && $0.gain <= $0.high })
    #expect(try store.testLooks().count == 1)
    let generations = try store.generations()
    #expect(generations.allSatisfy { $0.outcome == .closed })
    // The reserve is the finalists' cost: the mean once, six finalists on validation.
    let charged = try store.chargedCost()
    let searchable = 40 - (try store.search().budget.reserve)
    #expect(charged <= searchable && charged > searchable - 4)
    let winner = try store.candidate(conclusion.winner)
    #expect(winner.recipe?.contains("merge_method: task_arithmetic") == true)
    let splits = Set(try store.evaluations(of: conclusion.winner).map(\.key.split))
    #expect(splits == [.search, .validation, .test])
  }

  @Test("scores no item twice where the judge does what the search did")
  func sharedResults() async throws {
    var search = try SmallSearch.ofChoices(items: 4)
    search.evaluation = ", precision: f32, racing: false"
    let conclusion = try await start(search)
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    func keys(_ decode: String) throws -> [EvaluationKey] {
      try store.evaluations(split: .search).map(\.key).filter { $0.decode == decode }
    }
    let judged = try keys("unproved")
    #expect(judged.map(\.candidate).contains(conclusion.winner))
    let inputs = try SearchInputs.open(try search.configuration())
    for key in judged {
      var known = key
      known.decode = "never"
      #expect(try store.evaluation(key)?.score == store.evaluation(known)?.score)
      let candidate = try store.candidate(key.candidate)
      let manner = ScoringManner(split: .search, precision: "f32", decode: .unproved)
      let fresh = try inputs.score([(candidate, key.maskSeed)], manner)[0].get()
      #expect(try store.itemBlocks(key) == fresh.blocks(key))
      #expect(try store.evaluation(key) == fresh.evaluation(key, cost: 1))
    }
    let passes = try store.events(kind: "wave").map { wave in
      try decodeJSON([String: Double].self, wave.event.detail, at: "event")["candidates"] ?? 0
    }
    #expect(
      try passes.reduce(0, +) == Double(store.evaluations().count - judged.count))
  }

  @Test("gives the same population with one and with two threads")
  func threads() async throws {
    var search = try SmallSearch()
    _ = try await start(search, store: "one.sqlite")
    let one = try search.dump("one.sqlite")
    search.threads = 2
    _ = try await start(search, store: "two.sqlite")
    let two = try search.dump("two.sqlite")
    // The text of the search file is all that may differ.
    #expect(
      one.replacingOccurrences(of: "threads: 1", with: "threads: 2") == two)
  }

  @Test("is extended by more evaluations, and test is looked at a second time")
  func extended() async throws {
    let search = try SmallSearch()
    _ = try await start(search)
    let path = search.folder.file("store.sqlite")
    let before = try PopulationStore.open(path, for: .reading).chargedCost()
    let conclusion = try await Search.resume(
      store: path, extending: try SearchExtension(evaluations: 60), clock: ContinuousClock(),
      observer: { _ in })
    let store = try PopulationStore.open(path, for: .reading)
    #expect(conclusion?.round == 2)
    #expect(try store.chargedCost() > before)
    #expect(try store.testLooks().map(\.number) == [1, 2])
    #expect(try store.conclusions().count == 2)
  }

  @Test("lets the method be chosen per group of layers, random masks included")
  func methods() async throws {
    var search = try SmallSearch(items: 4)
    search.space =
      "{method: {choose: [linear, dare_ties], groups: 2}, profile: global, "
      + "weight: {range: [0.1, 1.2], start: 0.6}, dare_ties.density: {range: [0.2, 1], start: 0.5}}"
    search.evaluations = 110
    let conclusion = try await start(search)
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    let recipes = try store.candidates(.kind(.search)).compactMap(\.recipe)
    #expect(recipes.contains { $0.contains("dare_ties") && $0.contains("linear") })
    // dare_ties as a simple merge is judged under five mask seeds.
    let simple = try store.candidates(.kind(.simple)).first { $0.name == "dare_ties" }
    let seeds = try store.evaluations(of: simple?.id, split: .validation).map(\.key.maskSeed)
    #expect(seeds == [5, 6, 7, 8, 9])
    #expect(try store.candidate(conclusion.winner).recipe != nil)
  }

  @Test("starts at the best simple merge that the space can express, if the file gives no start")
  func startsAtSimpleMerge() async throws {
    var search = try SmallSearch(items: 8)
    search.space =
      "{method: {choose: [task_arithmetic, ties]}, profile: {knots: 2}, weight: {range: [0, 1.5]}}"
    search.evaluations = 60
    let notes = Notes()
    _ = try await Search.start(
      try search.configuration(), clock: ContinuousClock(), observer: notes.observe)
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    let simple = try store.candidates(.kind(.simple)).filter {
      $0.name?.hasPrefix("task_arithmetic") == true || $0.name == "ties"
    }
    let scores = try simple.map { candidate in
      (candidate.name ?? "", try store.evaluations(of: candidate.id, split: .search)[0].score)
    }
    let best = try #require(scores.map(\.1).max())
    let name = try #require(scores.first { $0.1 == best }).0
    #expect(notes.lines.contains { $0.hasPrefix("the search starts at \(name), ") })
  }

  @Test("ends at its target, or when nothing improves; an extension goes on")
  func stopRules() async throws {
    var search = try SmallSearch(items: 2)
    search.evaluations = 400
    search.rules = ", target: 0.0"
    _ = try await start(search, store: "target.sqlite")
    let path = search.folder.file("target.sqlite")
    #expect(try PopulationStore.open(path, for: .reading).generations().count == 1)
    _ = try await Search.resume(
      store: path, extending: try SearchExtension(evaluations: 410), clock: ContinuousClock(),
      observer: { _ in })
    #expect(try PopulationStore.open(path, for: .reading).generations().count > 10)

    search.rules = ", stagnation: 2"
    let notes = Notes()
    _ = try await Search.start(
      try search.configuration(store: "idle.sqlite"), clock: ContinuousClock(),
      observer: notes.observe)
    let idle = try PopulationStore.open(search.folder.file("idle.sqlite"), for: .reading)
    let generations = try idle.generations().count
    #expect(generations >= 3 && generations < 50)
    #expect(notes.lines.contains { $0.hasPrefix("2 generations have not improved on ") })
  }

  @Test("a store that holds a search is not overwritten")
  func refusesExistingStore() async throws {
    let search = try SmallSearch(items: 2)
    _ = try await start(search)
    let before = try search.dump()
    let problem = await #expect(throws: Diagnostic.self) { try await start(search) }
    #expect(problem?.problem == "already holds this search")
    #expect(problem?.fix.contains("mergevolve resume") == true)
    #expect(try search.dump() == before)
  }

  @Test("a budget that the finalists would eat is refused before anything is written")
  func budgetTooSmall() async throws {
    var search = try SmallSearch(items: 2)
    search.evaluations = 5
    await #expect(throws: DiagnosticList.self) { try await start(search) }
    #expect(try search.folder.names().contains("store.sqlite") == false)
  }

  @Test("models that are missing are all named at once")
  func missingModels() throws {
    var search = try SmallSearch(items: 2)
    search.experts = ["arith": "no-such-model", "letters": "neither"]
    let problems = #expect(throws: DiagnosticList.self) {
      try Search.check(try search.configuration())
    }
    let text = problems?.description ?? ""
    #expect(text.contains("no-such-model") && text.contains("neither"))
  }

  @Test("a tokenizer of another vocabulary is refused with both names and sizes")
  func otherVocabulary() async throws {
    var search = try SmallSearch(items: 2)
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      var bytes = try FileContents.bytes(of: "\(SmallSearch.demo)/models/base/\(name)")
      if name == "tokenizer.json" {
        // A digit becomes a token beyond the 512 rows of the embedding.
        let text = String(decoding: bytes, as: UTF8.self)
        bytes = Array(text.replacing(#""5": 23,"#, with: #""5": 600,"#).utf8)
      }
      try search.folder.write(bytes, to: "base/\(name)")
    }
    search.base = search.folder.file("base")
    let configuration = try search.configuration()
    let problems = #expect(throws: DiagnosticList.self) { try Search.check(configuration) }
    let problem = try #require(problems?.all.first)
    #expect(problem.location == search.folder.file("base/tokenizer.json"))
    #expect(problem.description.contains("token id 600"))
    #expect(problem.description.contains("base/config.json has 512 tokens"))
    await #expect(throws: DiagnosticList.self) { try await start(search) }
    #expect(try search.folder.names().contains("store.sqlite") == false)
  }
}

/// The notes of a search.
private final class Notes: Sendable {
  private let state = Mutex<[String]>([])

  var lines: [String] { state.withLock { $0 } }

  @Sendable func observe(_ event: SearchEvent) {
    if case .note(let line) = event { state.withLock { $0.append(line) } }
  }
}

import Foundation
import PopulationStore
import TestSupport
import Testing

@testable import SearchDriver

@Suite("A search for several objectives") struct ParetoSearchTests {
  @Test("keeps a front: its members are validated, and tested beside the winner")
  func front() async throws {
    var search = try SmallSearch(items: 8)
    search.rules = ", algorithm: nsga-ii"
    search.evaluations = 60
    let conclusion = try #require(
      await Search.start(
        try search.configuration(), clock: ContinuousClock(), observer: { _ in }))
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    #expect(try store.search().plan?.algorithm == "nsga-ii")
    let finalists = try store.finalists(round: conclusion.round)
    let front = finalists.filter { $0.origin == "Pareto front" }.map(\.candidate)
    #expect(!front.isEmpty)
    // No candidate beats a member in both tasks.
    func scores(_ id: Candidate.ID) throws -> [Double]? {
      try store.evaluations(of: id, split: .search).first?.tasks.map(\.value)
    }
    let observed = try store.candidates(.kind(.search)).compactMap { try scores($0.id) }
    for member in front {
      let own = try #require(try scores(member))
      #expect(own.count == 2)
      #expect(!observed.contains { zip($0, own).allSatisfy { $0 > $1 } })
    }
    let validated = Set(
      try store.evaluations(split: .validation).map(\.key.candidate))
    #expect(validated.isSuperset(of: front))
    // The winner is the best by the weighted mean; the validated front was tested with it.
    let look = try #require(try store.testLooks().first)
    #expect(look.candidates.contains(conclusion.winner))
    #expect(!Set(look.candidates).isDisjoint(with: finalists.map(\.candidate)))
  }

  @Test("one task leaves one objective") func single() throws {
    var search = try SmallSearch(items: 2)
    search.rules = ", algorithm: nsga-ii"
    let configuration = try search.configuration()
    #expect(try SearchInputs.open(configuration).objectives == 2)
    var alone = configuration
    alone.tasks.removeLast()
    #expect(try SearchInputs.open(alone).objectives == 1)
  }
}

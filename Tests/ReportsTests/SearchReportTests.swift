import Documents
import Foundation
import PopulationStore
import Reports
import TestSupport
import Testing

@Suite("The report of a search") struct SearchReportTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A report whose path does not change from test to test.
  private func report(_ store: PopulationStore) throws -> SearchReport {
    var snapshot = try store.snapshot()
    snapshot.path = "/runs/scripted.sqlite"
    return SearchReport(snapshot)
  }

  private func fresh(_ script: ScriptedSearch = ScriptedSearch()) throws -> PopulationStore {
    try StoreReservation(at: folder.file("search.sqlite"), configuration: script.configuration)
      .publish(try script.newSearch())
  }

  @Test("before anything is scored")
  func empty() throws {
    let report = try report(try fresh())
    try expectGolden(report.statusText, "empty.txt")
    try expectGolden(report.json.text(.indented) + "\n", "empty.json")
    #expect(report.bestObserved == nil && report.winner == nil && report.bestParent == nil)
  }

  @Test("in the middle of a generation")
  func searching() throws {
    let store = try fresh()
    var script = ScriptedSearch()
    script.stopsAfterWaves = 7
    try script.run(store)
    let report = try report(store)
    try expectGolden(report.statusText, "searching.txt")
    // By validation; the search split would say "right".
    #expect(report.bestParent?.name == "left")
  }

  @Test("when it is finished")
  func finished() throws {
    let report = try report(ScriptedSearch().finished(at: folder.file("search.sqlite")))
    try expectGolden(report.statusText, "finished.txt")
    try expectGolden(report.finalText, "final.txt")
    try expectGolden(report.json.text(.indented) + "\n", "finished.json")
  }

  @Test("when it was extended, its masks are random and it looked at test twice")
  func extended() throws {
    var script = ScriptedSearch()
    let store = try script.finished(at: folder.file("search.sqlite"))
    try store.extend(to: Budget(evaluations: 16, timeLimit: 7200, reserve: 4))
    script.maskSeeds = [7, 8, 9]
    try script.run(store)
    try expectGolden(try report(store).statusText, "extended.txt")
    try store.extend(to: Budget(evaluations: 20))
    script.stopsAfterWaves = 0
    try script.run(store)
    try expectGolden(try report(store).statusText, "extended-again.txt")
  }

  @Test("when it has stalled")
  func stalled() throws {
    let store = try fresh()
    try store.stall("three generations in a row failed: logits of layer 3 are not finite")
    try expectGolden(try report(store).statusText, "stalled.txt")
  }

  @Test("takes a duplicate's score from the original")
  func duplicates() throws {
    let store = try ScriptedSearch().finished(at: folder.file("search.sqlite"))
    var snapshot = try store.snapshot()
    let original = try #require(snapshot.candidates.first { $0.id == 5 })
    var copy = original
    copy.id = 18
    copy.proposal = .init(run: 0, generation: 2, index: 9)
    copy.duplicateOf = 5
    snapshot.candidates.append(copy)
    let report = SearchReport(snapshot)
    #expect(report.figure(18, .search) == report.figure(5, .search))
    #expect(report.figure(5, .search) != nil)
    #expect(report.bestObserved?.id != 18)
    #expect(report.progress[2].candidates == 5)
  }

  @Test("of one candidate")
  func candidate() throws {
    let report = try report(ScriptedSearch().finished(at: folder.file("search.sqlite")))
    let texts = report.snapshot.candidates.map { CandidateReport($0, in: report).text }
    try expectGolden(texts.joined(separator: "\n---\n"), "candidates.txt")
    let winner = try #require(report.winner)
    try expectGolden(
      CandidateReport(winner, in: report).json.text(.indented) + "\n", "candidate.json")
  }
}

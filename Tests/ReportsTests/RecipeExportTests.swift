import Diagnostics
import PopulationStore
import Reports
import TestSupport
import Testing

@Suite("An exported recipe") struct RecipeExportTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func report(stopsAfterWaves: Int? = nil) throws -> SearchReport {
    var script = ScriptedSearch()
    script.stopsAfterWaves = stopsAfterWaves
    var snapshot = try script.finished(at: folder.file("search.sqlite")).snapshot()
    snapshot.path = "/runs/scripted.sqlite"
    return SearchReport(snapshot)
  }

  @Test("of the winner tells its scores and the verdict")
  func winner() throws {
    let export = try RecipeExport(report())
    #expect(export.warning == nil)
    try expectGolden(export.text, "winner.yaml")
  }

  @Test("before the end is the best observed one, with a warning in the file too")
  func notValidated() throws {
    let export = try RecipeExport(report(stopsAfterWaves: 7))
    #expect(
      export.warning == """
        not validated: its search score of 0.5417 was chosen among 4 candidates, and is too good \
        to be true.
        """)
    try expectGolden(export.text, "observed.yaml")
  }

  @Test(
    "of a candidate that was asked for says what is wrong with it",
    arguments: [
      (6, "this candidate failed: logits of layer 3 are not finite."),
      (8, "this candidate was raced out, and not validated."),
      (4, "validated, but not the winner."),
    ])
  func asked(id: Int, warning: String) throws {
    let export = try RecipeExport(report(), candidate: id)
    #expect(export.warning == warning)
    #expect(export.text.contains("# Warning: \(warning)\n"))
  }

  @Test("is no parent")
  func parent() throws {
    let report = try report()
    #expect(
      throws: Diagnostic(
        "candidate 2 is the parent 'left' itself, not a merge", at: "/runs/scripted.sqlite",
        fix: "use the model at /models/left")
    ) { try RecipeExport(report, candidate: 2) }
  }

  @Test("needs a candidate")
  func missing() throws {
    let report = try report(stopsAfterWaves: 2)
    #expect(
      throws: Diagnostic(
        "no candidate has been scored yet", at: "/runs/scripted.sqlite",
        fix: "go on with `mergevolve resume /runs/scripted.sqlite`")
    ) { try RecipeExport(report) }
    #expect(
      throws: Diagnostic(
        "there is no candidate 99", at: "/runs/scripted.sqlite", fix: "use a number from 1 to 4")
    ) { try RecipeExport(report, candidate: 99) }
  }
}

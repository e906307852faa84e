import Documents
import Foundation
import PopulationStore
import TestSupport
import Testing

@Suite("status and export") struct StatusCommandTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    var script = ScriptedSearch()
    try script.finished(at: folder.file("finished.sqlite")).close()
    script.stopsAfterWaves = 7
    try script.finished(at: folder.file("running.sqlite")).close()
  }

  private func json(_ text: String) throws -> JSONValue {
    try JSONValue.parse(Array(text.utf8), location: "output")
  }

  @Test("status prints tables, sentences and the verdict")
  func text() async throws {
    let run = try await program.run(["status", "finished.sqlite"])
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.hasPrefix("scripted: finished\n"))
    #expect(run.output.contains("\nVerdict: better than the best parent (right); "))
    let running = try await program.run(["status", "running.sqlite"])
    #expect(running.output.hasPrefix("scripted: searching, generation 1, 2 of 4 candidates done\n"))
  }

  @Test("the table says where the optimizer is told another metric")
  func toldMetric() async throws {
    let search = try TinySearch()
    let file = try String(contentsOfFile: search.folder.file("tiny.yaml"), encoding: .utf8)
    try search.folder.write(
      file.replacing("{file: texts.yaml}", with: "{file: texts.yaml, metric: soft_exact_match}"),
      to: "tiny.yaml")
    let told = "search scores are what the optimizer is told: texts soft_exact_match"
    let run = try await Program(in: search.folder.path).run([
      "search", "tiny.yaml", "--store", "told.sqlite",
    ])
    #expect(run.output.contains(told), "\(run.errors)")
    let plain = try await program.run(["status", "finished.sqlite"])
    #expect(!plain.output.contains("what the optimizer is told"))
  }

  @Test("status --json is JSON")
  func json() async throws {
    let run = try await program.run(["status", "finished.sqlite", "--json"])
    #expect(run.status == 0)
    let report = try json(run.output)
    #expect(report["phase"]?.string == "finished")
    #expect(report["conclusion"]?["comparisons"]?.array?.count == 3)
    let candidate = try await program.run([
      "status", "finished.sqlite", "--candidate", "6", "--json",
    ])
    #expect(try json(candidate.output)["status"]?.string == "failed")
  }

  @Test("status shows one candidate, and its results question by question")
  func samples() async throws {
    let one = try await program.run(["status", "finished.sqlite", "--candidate", "5"])
    #expect(one.output.hasPrefix("candidate 5, search: scored\n"))
    let run = try await program.run([
      "status", "finished.sqlite", "--samples", "--candidate", "1",
    ])
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n").map(String.init)
    // Two tasks of eight items; the search split was scored in two ways, validation and test in one.
    #expect(lines.count == 4 * 16)
    #expect(try json(lines[0])["item"]?.string == "sums-search-0")
    #expect(try lines.compactMap { try json($0)["text"]?.string } == ["2 + 2 = 4\n"])
  }

  @Test("export prints the winner's recipe, or one that is not validated with a warning")
  func export() async throws {
    let winner = try await program.run(["export", "finished.sqlite"])
    #expect(winner.status == 0)
    #expect(winner.errors == "")
    #expect(winner.output.hasPrefix("# Winner of the search 'scripted'"))
    #expect(winner.output.hasSuffix("\nmerge_method: task_arithmetic\n"))
    let best = try await program.run(["export", "running.sqlite"])
    #expect(best.status == 0)
    #expect(best.errors.hasPrefix("warning: not validated: "))
    #expect(best.output.contains("\n# Warning: not validated: "))
    let asked = try await program.run(["export", "finished.sqlite", "--candidate", "4"])
    #expect(asked.errors == "warning: validated, but not the winner.\n")
  }

  @Test("export writes a new file, and overwrites none")
  func exportToFile() async throws {
    let arguments = ["export", "finished.sqlite", "--output", "best.yaml"]
    let run = try await program.run(arguments)
    #expect(run.status == 0)
    #expect(run.output == "")
    let text = try String(contentsOfFile: folder.file("best.yaml"), encoding: .utf8)
    #expect(text.hasPrefix("# Winner of"))
    let again = try await program.run(arguments)
    #expect(again.status == 2)
    #expect(
      again.errors == """
        error: best.yaml: exists already
          fix: choose another name with --output; nothing is overwritten

        """)
    let nowhere = try await program.run([
      "export", "finished.sqlite", "--output", "no/such/folder.yaml",
    ])
    #expect(nowhere.status == 2)
    #expect(nowhere.errors.hasPrefix("error: no/such/folder.yaml: cannot be written: "))
  }

  @Test(
    "wrong input ends with status 2, problem and remedy",
    arguments: [
      (["status", "nothing.sqlite"], "nothing.sqlite: there is no such store"),
      (["status", "."], "is a folder, not a store"),
      (["status", "finished.sqlite", "--candidate", "99"], "there is no candidate 99"),
      (["status", "finished.sqlite", "--samples"], "--samples needs a candidate"),
      (["export", "finished.sqlite", "--candidate", "1"], "is the parent 'base' itself"),
      (["export", "nothing.sqlite"], "nothing.sqlite: there is no such store"),
    ])
  func wrong(arguments: [String], mention: String) async throws {
    let run = try await program.run(arguments)
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains(mention), "\(run.errors)")
    #expect(run.errors.contains("\n  fix: "))
  }
}

import Foundation
import PopulationStore
import TestSupport
import Testing

@Suite("report") struct ReportCommandTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    try ScriptedSearch().finished(at: folder.file("night.sqlite")).close()
  }

  private func contents(_ name: String) throws -> String {
    try String(contentsOfFile: folder.file(name), encoding: .utf8)
  }

  @Test("writes a page beside the store, or where it is told")
  func places() async throws {
    let beside = try await program.run(["report", "night.sqlite"])
    #expect(beside.status == 0 && beside.output == "")
    #expect(beside.errors == "written: night.html\n")
    let page = try contents("night.html")
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    let told = try await program.run(["report", "night.sqlite", "--output", "page.html"])
    #expect(told.status == 0)
    #expect(try contents("page.html") == page)
    let piped = try await program.run(["report", "night.sqlite", "-o", "-"])
    #expect(piped.output == page && piped.errors == "")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.contains("partial") })
  }

  @Test("replaces nothing without --force")
  func existing() async throws {
    try folder.write("mine", to: "page.html")
    let arguments = ["report", "night.sqlite", "--output", "page.html"]
    let refused = try await program.run(arguments)
    #expect(refused.status == 2)
    #expect(
      refused.errors == """
        error: page.html: exists already
          fix: choose another name with --output, or add --force

        """)
    #expect(try contents("page.html") == "mine")
    let forced = try await program.run(arguments + ["--force"])
    #expect(forced.status == 0)
    #expect(try contents("page.html").hasPrefix("<!DOCTYPE html>"))
  }

  @Test(
    "wrong input ends with status 2, problem and remedy",
    arguments: [
      (["report", "nothing.sqlite"], "nothing.sqlite: there is no such store"),
      (["report", "night.sqlite", "--output", "."], ".: is a folder"),
      (["report", "night.sqlite", "--output", ".", "--force"], ".: is a folder"),
      (
        ["report", "night.sqlite", "-o", "no/such/page.html"],
        "no/such/page.html: cannot be written"
      ),
    ])
  func wrong(arguments: [String], mention: String) async throws {
    let run = try await program.run(arguments)
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: \(mention)"), "\(run.errors)")
    #expect(run.errors.contains("\n  fix: "))
  }
}

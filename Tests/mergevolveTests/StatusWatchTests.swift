import Foundation
import PopulationStore
import TestSupport
import Testing

@Suite("status --watch") struct StatusWatchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A search that this process drives and that stands at `waves` commits of results.
  private func driven(_ waves: Int) throws -> (script: ScriptedSearch, store: PopulationStore) {
    var script = ScriptedSearch()
    script.stopsAfterWaves = waves
    return (script, try script.finished(at: folder.file("night.sqlite")))
  }

  private func watch(_ arguments: [String] = []) throws -> RunningProgram {
    try RunningProgram(
      ["status", "night.sqlite", "--watch", "--interval", "0.05"] + arguments, in: folder.path)
  }

  @Test("follows a search to its end, in lines where there is no terminal")
  func follows() async throws {
    var (script, store) = try driven(2)
    let watch = try watch()
    try await watch.waitFor("scripted: scoring the baselines\n")
    script.stopsAfterWaves = 7
    try script.run(store)
    try await watch.waitFor("scripted: generation 0 closed · best 0.5417")
    script.stopsAfterWaves = nil
    try script.run(store)
    #expect(await watch.end() == 0)
    #expect(try watch.output.contains("\nscripted: finished\n"))
    #expect(try watch.output.contains("\nVerdict: better than the best parent (right); "))
    #expect(try !watch.output.contains("\u{1B}"))
    #expect(try watch.errors == "")
    try store.close()
  }

  @Test("ends at Ctrl-C, without a word about the search")
  func interrupted() async throws {
    let (_, store) = try driven(7)
    let watch = try watch()
    try await watch.waitFor("scripted: generation 0 closed")
    watch.interrupt()
    #expect(await watch.end() == 130)
    #expect(try watch.errors == "")
    try store.close()
  }

  @Test("ends where nothing drives the search, and says how to go on")
  func stopped() async throws {
    try driven(7).store.close()
    let watch = try watch()
    #expect(await watch.end() == 0)
    #expect(try watch.output.hasPrefix("scripted: searching, generation 1"))
    #expect(
      try watch.errors.hasPrefix("no process drives this search now; go on with `mergevolve resume")
    )
  }

  @Test(
    "takes a screen of its own on a terminal, and gives it back",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func terminal() async throws {
    let (_, store) = try driven(9)
    // `script` runs a command on a terminal of its own.
    let command =
      "stty cols 40 rows 12; exec '\(Program.path)' status night.sqlite --watch --interval 0.05"
    let watch = try RunningProgram(
      ["-qfec", command, "/dev/null"], in: folder.path, executable: "/usr/bin/script")
    try await watch.waitFor("\u{1B}[?1049h")
    try await watch.waitFor("12 evaluations")
    var script = ScriptedSearch()
    script.stopsAfterWaves = nil
    try script.run(store)
    #expect(await watch.end() == 0)
    let output = try watch.output
    let parts = output.split(separator: "\u{1B}[?1049l")
    #expect(parts.count == 2)
    #expect(parts.last?.hasPrefix("scripted: finished") == true)
    // Every refreshed line fits.
    let screens = (parts.first ?? "").replacing("\u{1B}[H", with: "\n")
    for line in screens.split(whereSeparator: \.isNewline) {
      let text = line.replacing(/\u{1B}\[[?0-9]*[a-zA-Z]/, with: "")
      #expect(text.count <= 40, "\(text)")
    }
    try store.close()
  }

  @Test("refuses what it cannot show")
  func usage() async throws {
    let program = Program(in: folder.path)
    for arguments in [["--json"], ["--candidate", "1"], ["--interval", "0"]] {
      let run = try await program.run(["status", "night.sqlite", "--watch"] + arguments)
      #expect(run.status == 2)
      #expect(run.errors.hasPrefix("error: --"))
      #expect(run.errors.contains("\n  fix: "))
    }
  }
}

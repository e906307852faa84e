import Foundation
import PopulationStore
import TestSupport
import Testing

/// Kills a process at every place of every transaction, resumes and compares with an undisturbed run.
@Suite("A store after a kill") struct StoreCrashTests {
  struct Kill: Codable, CustomTestStringConvertible {
    var failpoint: String
    var plansLate: Bool
    var testDescription: String { failpoint }
  }

  static let kills: [Kill] =
    StoreTransaction.allCases
    .filter { ![.budget, .phase, .model, .control].contains($0) }
    .flatMap { transaction in
      ["before", "inside", "after"].map { place in
        Kill(
          failpoint: "\(place)-\(transaction.rawValue)\(transaction == .wave ? ":4" : "")",
          plansLate: transaction == .plan)
      }
    } + [Kill(failpoint: "after-publish", plansLate: false)]

  @Test("goes on as if nothing had happened", arguments: kills)
  func resumes(kill: Kill) async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("killed.sqlite")
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, kill = kill as Kill] in
      var script = ScriptedSearch()
      script.plansLate = kill.plansLate
      _ = try script.finished(at: path, failpoints: Failpoints(kill.failpoint))
      exit(0)
    }
    var script = ScriptedSearch()
    script.plansLate = kill.plansLate
    script.clock += 1000
    let expected = try script.finished(at: folder.file("whole.sqlite")).dump()

    let resumed: PopulationStore
    if FileManager.default.fileExists(atPath: path) {
      resumed = try PopulationStore.open(path, for: .driving)
      try script.run(resumed)
    } else {
      // Killed before the file had its name: searching starts anew.
      #expect(["before-create", "inside-create", "after-create"].contains(kill.failpoint))
      resumed = try script.finished(at: path)
    }
    #expect(try resumed.dump() == expected)
    try resumed.close()
    #expect(
      try folder.names().filter { $0.hasPrefix("killed") } == ["killed.sqlite"],
      "leftovers of the killed process")
  }

  @Test("is readable before anybody resumes it")
  func readable() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("killed.sqlite")
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      _ = try ScriptedSearch().finished(at: path, failpoints: Failpoints("inside-wave:7"))
      exit(0)
    }
    let reader = try PopulationStore.open(path, for: .reading)
    #expect(try reader.candidates().filter { $0.status != .pending }.count == 4 + 2 + 2)
  }
}

import Foundation
import PopulationStore
import TestSupport
import Testing

@Suite("Who drives a search") struct DriverTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("readers see the process while it does, and nobody afterwards")
  func process() throws {
    let path = folder.file("search.sqlite")
    let driving = try ScriptedSearch().finished(at: path)
    let reader = try PopulationStore.open(path, for: .reading)
    #expect(reader.driver == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(reader.isLive)
    try driving.close()
    #expect(reader.driver == nil)
  }

  @Test(
    "a lock file that no living process owns means nobody",
    arguments: ["999999999 00000000\n", "-1 x\n", "0 x\n", "", "not a number\n"])
  func stale(token: String) throws {
    let path = folder.file("search.sqlite")
    try ScriptedSearch().finished(at: path).close()
    try folder.write(token, to: "search.sqlite-lock")
    #expect(try PopulationStore.open(path, for: .reading).driver == nil)
  }
}

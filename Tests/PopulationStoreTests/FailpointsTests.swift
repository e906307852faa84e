import Diagnostics
import Foundation
import PopulationStore
import Testing

@Suite("Failpoints") struct FailpointsTests {
  @Test("kill the process at the pass that was asked for")
  func kills() async {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let failpoints = try Failpoints("after-wave:3")
      for _ in 0..<3 {
        failpoints.pass("before-wave")
        failpoints.pass("after-wave")
      }
      exit(0)
    }
    await #expect(processExitsWith: .exitCode(0)) {
      let failpoints = try Failpoints("after-wave:3")
      for _ in 0..<2 { failpoints.pass("after-wave") }
      exit(0)
    }
  }

  @Test("do nothing unless armed")
  func unarmed() throws {
    Failpoints.none.pass("after-wave")
    try Failpoints(nil).pass("after-wave")
  }

  @Test("refuse what is no failpoint", arguments: ["", ":1", "wave:0", "wave:x", "wave:1:2"])
  func refused(text: String) {
    #expect(
      throws: Diagnostic(
        "'\(text)' is not a failpoint", at: "MERGEVOLVE_FAILPOINT",
        fix: "write a name, or name:count with a count from 1; unset it outside of crash tests")
    ) { try Failpoints(text) }
  }
}

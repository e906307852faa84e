import Foundation
import PopulationStore

/// What the environment asks for; nothing else in the program reads it.
enum ProcessEnvironment {
  /// The place where a crash test wants this process to die; see ``Failpoints``.
  static func failpoints() throws -> Failpoints {
    try Failpoints(ProcessInfo.processInfo.environment["MERGEVOLVE_FAILPOINT"])
  }
}

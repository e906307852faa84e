import Foundation
import Synchronization
import TestSupport

/// A run of the executable that may be ended by a signal.
struct KilledProgram {
  enum End: Equatable {
    case exited(Int32)
    /// By SIGKILL, while it ran.
    case killed
  }

  /// The working directory.
  let folder: String

  /// Runs to the end, or until `failpoint` or `delay` seconds after the start end it.
  func run(
    _ arguments: [String], failpoint: String? = nil, killAfter delay: Double? = nil
  ) async throws -> (end: End, seconds: Double, errors: String) {
    let streams = try TemporaryFolder()
    let errorPath = try streams.write("", to: "errors")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var environment = ProcessInfo.processInfo.environment
    environment["MERGEVOLVE_FAILPOINT"] = failpoint
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    let began = ContinuousClock.now
    let killer: Task<Void, any Error>? = delay.map { delay in
      Task {
        try await Task.sleep(for: .seconds(delay))
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      }
    }
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in done.resume() }
      do { try process.run() } catch { done.resume(throwing: error) }
    }
    killer?.cancel()
    let isKilled = process.terminationReason == .uncaughtSignal
    return (
      isKilled ? .killed : .exited(process.terminationStatus),
      began.duration(to: .now) / .seconds(1),
      try String(contentsOfFile: errorPath, encoding: .utf8)
    )
  }
}

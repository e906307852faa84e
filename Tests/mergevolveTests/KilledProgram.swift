import Foundation
import Randomness
import Synchronization
import TestSupport
import Testing

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

  /// Runs `arguments` again and again until one run is not killed at `failpoint`; how many were.
  func runThroughKills(
    at failpoint: String, most: Int = 400, _ arguments: () -> [String]
  ) async throws -> Int {
    for kills in 0..<most {
      let run = try await run(arguments(), failpoint: failpoint)
      guard run.end == .killed else {
        try #require(run.end == .exited(0), "\(run.errors)")
        return kills
      }
    }
    Issue.record("\(failpoint) was passed \(most) times without an end")
    return most
  }

  /// Runs `arguments` until up to `count` runs were killed at random times, then to the end; how many were.
  ///
  /// `seconds` is what an uninterrupted run takes, lowered where one that ended by itself took less;
  /// each kill falls into what is then left of it.
  func runThroughRandomKills(
    _ count: Int, within seconds: inout Double, _ random: inout SplitMix64,
    _ arguments: () -> [String]
  ) async throws -> Int {
    var left = 0.9 * seconds
    for kills in 0..<count {
      let delay = random.nextUniform() * left
      let run = try await run(arguments(), killAfter: delay)
      guard run.end == .killed else {
        try #require(run.end == .exited(0), "\(run.errors)")
        if kills == 0 { seconds = min(seconds, run.seconds) }
        return kills
      }
      left = 0.9 * (left - delay)
    }
    let run = try await run(arguments())
    try #require(run.end == .exited(0), "\(run.errors)")
    return count
  }
}

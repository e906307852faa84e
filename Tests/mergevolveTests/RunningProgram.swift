import Foundation
import Synchronization
import TestSupport
import Testing

/// A run of a program that a test talks to while it goes on.
final class RunningProgram: Sendable {
  private let process: Mutex<Process>
  private let streams: TemporaryFolder
  private let ended: AsyncStream<Void>

  /// Starts `executable` in `folder`, without input.
  init(
    _ arguments: [String], in folder: String, executable: String = Program.path
  ) throws {
    let streams = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(
      forWritingAtPath: try streams.write("", to: "output"))
    process.standardError = FileHandle(forWritingAtPath: try streams.write("", to: "errors"))
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in end.finish() }
    try process.run()
    self.streams = streams
    self.process = Mutex(process)
    self.ended = ended
  }

  var output: String {
    get throws { try String(contentsOfFile: streams.file("output"), encoding: .utf8) }
  }

  var errors: String {
    get throws { try String(contentsOfFile: streams.file("errors"), encoding: .utf8) }
  }

  /// Returns when the output holds `text`; a run that never says it fails the test after a minute.
  func waitFor(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for _ in 0..<6000 {
      if try output.contains(text) { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("'\(text)' is not in '\(try output)'", sourceLocation: sourceLocation)
  }

  /// As Ctrl-C does.
  func interrupt() { process.withLock { $0.interrupt() } }

  /// Waits for the end and returns the exit status; minus the signal that ended the run.
  func end() async -> Int32 {
    for await _ in ended {}
    return process.withLock { process in
      let status = process.terminationStatus
      return process.terminationReason == .exit ? status : -status
    }
  }
}

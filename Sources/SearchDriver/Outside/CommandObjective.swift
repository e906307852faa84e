import Diagnostics
import Documents
import Foundation
import PopulationStore
import SearchSpaces

/// Scores candidates with a command: one JSON object in, one JSON object out.
struct CommandObjective: Sendable {
  let command: [String]
  /// Seconds per run.
  let timeLimit: Double
  let retries: Int
  /// Where the command runs.
  let folder: String

  /// Why a run has no result.
  private struct Failure: Error {
    let reason: String
  }

  /// The result of a candidate; runs that fail are repeated, and the last one's reason is the result.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, which ends the command too.
  func result(of message: JSONValue) async throws -> OutsideResult {
    var reason = ""
    for _ in 0...retries {
      switch try await run(message) {
      case .success(let result): return result
      case .failure(let failure): reason = "the objective \(failure.reason)"
      }
    }
    return .failure(reason)
  }

  private func run(_ message: JSONValue) async throws -> Result<OutsideResult, Failure> {
    try Task.checkCancellation()
    let streams = try CommandStreams(input: message.text(.compact) + "\n")
    defer { streams.remove() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = streams.input
    process.standardOutput = streams.output
    process.standardError = streams.errors
    let end = try await CommandEnd.of(process, within: timeLimit)
    try Task.checkCancellation()
    switch end {
    case .timeUp: return .failure(Failure(reason: "took longer than \(span(timeLimit))"))
    case .notStarted(let reason): return .failure(Failure(reason: "cannot be run: \(reason)"))
    case .exited(let status) where status != 0:
      let line = streams.lastErrorLine.map { ": \($0)" } ?? ""
      return .failure(Failure(reason: "exited with status \(status)\(line)"))
    case .killed(let signal): return .failure(Failure(reason: "was ended by signal \(signal)"))
    case .exited:
      do {
        let text = streams.outputText
        let value = try JSONValue.parse(Array(text.utf8), location: "output of the objective")
        return .success(try OutsideResult(value, at: "output of the objective"))
      } catch {
        return .failure(Failure(reason: "answered with no result: \(error.problem)"))
      }
    }
  }
}

/// How a run of a command ended.
private enum CommandEnd {
  case exited(Int32)
  case killed(Int32)
  case timeUp
  case notStarted(String)

  /// Runs a process; it is killed when the time is up, or when the task is cancelled.
  static func of(_ process: Process, within seconds: Double) async throws -> CommandEnd {
    let finished = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in finished.continuation.finish() }
    do {
      try process.run()
    } catch {
      return .notStarted(error.localizedDescription)
    }
    let number = process.processIdentifier
    let isTimeUp = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in finished.stream {}
        return false
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        return true
      }
      let first = await group.next() ?? false
      // Cancellation wakes both: then too the process must not outlive its question.
      if first || Task.isCancelled { kill(number, SIGKILL) }
      group.cancelAll()
      return first && !Task.isCancelled
    }
    process.waitUntilExit()
    if isTimeUp { return .timeUp }
    return process.terminationReason == .exit
      ? .exited(process.terminationStatus) : .killed(process.terminationStatus)
  }
}

/// Files for the streams of a command: nothing blocks, however much it writes.
private struct CommandStreams {
  private let folder: URL
  let input: FileHandle
  let output: FileHandle
  let errors: FileHandle

  init(input text: String) throws {
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.appendingPathComponent(
      "mergevolve-objective-\(UUID().uuidString)")
    self.folder = folder
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    let files = ["input", "output", "errors"].map { folder.appendingPathComponent($0) }
    try Data(text.utf8).write(to: files[0])
    try Data().write(to: files[1])
    try Data().write(to: files[2])
    input = try FileHandle(forReadingFrom: files[0])
    output = try FileHandle(forWritingTo: files[1])
    errors = try FileHandle(forWritingTo: files[2])
  }

  private func text(_ name: String) -> String {
    let data = try? Data(contentsOf: folder.appendingPathComponent(name))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  var outputText: String { text("output") }

  var lastErrorLine: String? {
    text("errors").split(whereSeparator: \.isNewline).last.map { String($0.prefix(300)) }
  }

  func remove() {
    for handle in [input, output, errors] { try? handle.close() }
    try? FileManager.default.removeItem(at: folder)
  }
}

import Foundation

/// The built executable, run as a user runs it.
public struct Program: Sendable {
  /// What a finished run left.
  public struct Run: Sendable {
    /// The exit status; minus the number of the signal that ended the process.
    public let status: Int32
    public let output: String
    public let errors: String
  }

  /// The working directory of the runs.
  public let folder: String

  public init(in folder: String) { self.folder = folder }

  /// The executable lies beside the tests' own.
  public static let path: String = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: tests ?? "").deletingLastPathComponent()
      .appendingPathComponent("mergevolve").path
  }()

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: Of the command line, without the program's name.
  ///   - input: Of standard input.
  ///   - environment: Variables to add to those of the tests.
  /// - Returns: Status and both streams.
  /// - Throws: If the executable cannot be started.
  public func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Run {
    let streams = try TemporaryFolder()
    let inputPath = try streams.write(input, to: "input")
    let outputPath = try streams.write("", to: "output")
    let errorPath = try streams.write("", to: "errors")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle(forReadingAtPath: inputPath)
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in done.resume() }
      do { try process.run() } catch { done.resume(throwing: error) }
    }
    let status = process.terminationStatus
    return Run(
      status: process.terminationReason == .exit ? status : -status,
      output: try String(contentsOfFile: outputPath, encoding: .utf8),
      errors: try String(contentsOfFile: errorPath, encoding: .utf8))
  }
}

import ArgumentParser
import Diagnostics
import Foundation
import PopulationStore

/// How the program ends after an error: with which status, and which words on which stream.
///
/// 0: help and the version. 2: wrong usage or input. 1: a failure while running. 130: stopped by the
/// user.
struct Ending {
  let status: Int32
  /// For standard error, or for standard output if the status is 0.
  let text: String

  init(_ error: any Error) {
    switch error {
    case let error as Diagnostic:
      self.init(status: 2, text: "error: \(error)")
    case let error as DiagnosticList:
      self.init(status: 2, text: error.all.map { "error: \($0)" }.joined(separator: "\n"))
    case let error as RunningFailure:
      self.init(status: 1, text: "error: \(error.diagnostic)")
    case let error as StorageError:
      if case .locked = error {
        self.init(status: 2, text: "error: \(error)")
      } else {
        self.init(status: 1, text: "error: \(error)")
      }
    case is CancellationError:
      self.init(status: 130, text: "stopped")
    case let code as ExitCode:
      self.init(status: code.rawValue, text: "")
    default:
      self.init(ofUsage: error)
    }
  }

  private init(status: Int32, text: String) {
    self.status = status
    self.text = text
  }

  /// Requests for help, and everything that the argument parser refuses.
  private init(ofUsage error: any Error) {
    switch Mergevolve.exitCode(for: error) {
    case .success:
      self.init(status: 0, text: Mergevolve.fullMessage(for: error))
    case .validationFailure:
      let lines = Mergevolve.fullMessage(for: error).split(separator: "\n")
      let usage = lines.first { $0.hasPrefix("Usage: ") }?.dropFirst("Usage: ".count)
      let help = lines.last { $0.contains("--help") }?.split(separator: "'").dropFirst().first
      let fix = [usage.map { "write \($0)" }, help.map { "see '\($0)'" }].compactMap { $0 }
      let problem = Mergevolve.message(for: error)
      self.init(
        status: 2,
        text: "error: \(problem)\n  fix: "
          + (fix.isEmpty ? "see 'mergevolve --help'" : fix.joined(separator: "; ")))
    default:
      self.init(status: 1, text: "error: \(error)\n  fix: report this with the command you ran")
    }
  }

  /// Prints the text and ends the process.
  func exit() -> Never {
    if !text.isEmpty {
      let stream: FileHandle = status == 0 ? .standardOutput : .standardError
      stream.write(Data((text + "\n").utf8))
    }
    Foundation.exit(status)
  }
}

/// A diagnostic of something that went wrong although the input was right, such as a full disk.
struct RunningFailure: Error {
  let diagnostic: Diagnostic
}

/// Marks the part of a command in which all input has been checked: its diagnostics end with status 1.
func running<Result>(_ work: () async throws -> Result) async throws -> Result {
  do {
    return try await work()
  } catch let diagnostic as Diagnostic {
    throw RunningFailure(diagnostic: diagnostic)
  }
}

import Foundation

/// A percentage on standard error, where that is a terminal.
final class ProgressLine {
  private let label: String
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private var shown = -1

  init(_ label: String) { self.label = label }

  func show(_ share: Double) {
    let percent = Int(share * 100)
    guard isTerminal, percent != shown else { return }
    shown = percent
    FileHandle.standardError.write(Data("\r\(label): \(percent) %".utf8))
  }

  /// Takes the line away.
  func end() {
    guard shown >= 0 else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
    shown = -1
  }
}

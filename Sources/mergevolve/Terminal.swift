import Foundation
import Reports

/// The screen behind standard output while a view is being refreshed.
enum Terminal {
  private static let usual = TerminalSize(width: 80, height: 24)

  /// Whether there is one that understands escape sequences.
  static var isPresent: Bool {
    isatty(STDOUT_FILENO) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// As it is now: people resize their windows.
  static var size: TerminalSize {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["stty", "size"]
    process.standardInput = FileHandle(forReadingAtPath: "/dev/tty") ?? FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return usual }
    let listing = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return TerminalSize(ofListing: String(decoding: listing, as: UTF8.self)) ?? usual
  }

  /// Takes a screen of its own, so that what was there comes back with ``leave()``.
  static func enter() { write("\u{1B}[?1049h\u{1B}[?25l") }

  static func leave() { write("\u{1B}[?25h\u{1B}[?1049l") }

  static func show(_ lines: [String]) {
    let cleared = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
    write("\u{1B}[H\(cleared)\u{1B}[J")
  }

  private static func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

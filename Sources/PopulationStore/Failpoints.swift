public import Diagnostics
import Foundation
import Synchronization

/// Places where a test kills the process, as a power cut would: `name`, or `name:3` for the third pass.
///
/// The transactions of a store pass `before-X`, `inside-X` (all statements done, not committed) and
/// `after-X` for every `X` of ``StoreTransaction``; whoever drives a search adds places of its own.
public struct Failpoints: Sendable {
  /// Nothing is armed, which is the case outside of crash tests.
  public static let none = Failpoints(armed: nil)

  private final class Armed: Sendable {
    let name: String
    let remaining: Mutex<Int>

    init(name: String, count: Int) {
      self.name = name
      remaining = Mutex(count)
    }
  }

  private let armed: Armed?

  private init(armed: Armed?) {
    self.armed = armed
  }

  /// Arms `name` or `name:count` with a count from 1; nil arms nothing.
  public init(_ specification: String?) throws(Diagnostic) {
    guard let specification else {
      self = .none
      return
    }
    let parts = specification.split(separator: ":", omittingEmptySubsequences: false)
    let count = parts.count == 2 ? Int(parts[1]) : 1
    guard parts.count <= 2, let name = parts.first, !name.isEmpty, let count, count >= 1 else {
      throw Diagnostic(
        "'\(specification)' is not a failpoint", at: "MERGEVOLVE_FAILPOINT",
        fix: "write a name, or name:count with a count from 1; unset it outside of crash tests")
    }
    armed = Armed(name: String(name), count: count)
  }

  /// Ends the process with SIGKILL if this place is armed and its count is reached.
  public func pass(_ name: @autoclosure () -> String) {
    guard let armed, armed.name == name() else { return }
    let last = armed.remaining.withLock { remaining in
      remaining -= 1
      return remaining == 0
    }
    if last { kill(getpid(), SIGKILL) }
  }
}

public import Diagnostics

/// Failures of a store that callers tell apart; everything that the user's input causes is a `Diagnostic`.
public enum StorageError: Error, Sendable, CustomStringConvertible {
  /// Another process drives this search. `process` is its number, where it could be read.
  case locked(path: String, process: Int?)
  /// Reading or writing failed while running: a full disk, a vanished file, an I/O error.
  case failed(Diagnostic)

  public var diagnostic: Diagnostic {
    switch self {
    case .locked(let path, let process):
      let holder = process.map { " (process \($0))" } ?? ""
      return Diagnostic(
        "another mergevolve\(holder) is running this search", at: path,
        fix: "wait for it or stop it; `mergevolve status` may read the store at any time")
    case .failed(let diagnostic):
      return diagnostic
    }
  }

  public var description: String { diagnostic.description }
}

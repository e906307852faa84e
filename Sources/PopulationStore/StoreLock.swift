import Diagnostics
import Foundation
import Synchronization

/// The driver's exclusive lock on a store: `flock` on `STORE-lock`, so a killed driver leaves none.
///
/// A file beside the store, because closing any descriptor of a database file drops
/// SQLite's own locks in that process. It is removed when the lock is given back.
final class StoreLock: Sendable {
  private let path: String
  private let handle: FileHandle
  private let isHeld = Mutex(true)

  /// - Parameter store: The path of the store, which need not exist yet.
  /// - Throws: ``StorageError/locked(path:process:)`` or ``Diagnostic``.
  init(store: String) throws {
    path = store + "-lock"
    while true {
      let handle = try Self.openOrCreate(path)
      guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
        let problem = errno
        guard problem == EWOULDBLOCK else {
          let words = POSIXErrorCode(rawValue: problem).map { reason(of: POSIXError($0)) }
          throw Diagnostic(
            "cannot be locked: \(words ?? "error \(problem)")", at: path,
            fix: "keep the store on a local disk")
        }
        let holder = try? String(contentsOfFile: path, encoding: .utf8)
        throw StorageError.locked(
          path: store, process: holder?.split(separator: " ").first.flatMap { Int($0) })
      }
      // The last holder may have removed the name that led to this file: then it guards nothing.
      let token = "\(ProcessInfo.processInfo.processIdentifier) \(UUID().uuidString)\n"
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(token.utf8))
      if (try? String(contentsOfFile: path, encoding: .utf8)) == token {
        self.handle = handle
        return
      }
      try handle.close()
    }
  }

  deinit { release() }

  /// Gives the lock back; repeating it changes nothing.
  func release() {
    isHeld.withLock { isHeld in
      guard isHeld else { return }
      isHeld = false
      try? FileManager.default.removeItem(atPath: path)
      try? handle.close()
    }
  }

  /// The process that holds the lock of a store, as far as can be told without touching the lock.
  static func holder(store: String) -> Int? {
    guard let token = try? String(contentsOfFile: store + "-lock", encoding: .utf8),
      let process = token.split(separator: " ").first.flatMap({ Int32($0) }), process > 0,
      kill(process, 0) == 0 || errno == EPERM
    else { return nil }
    return Int(process)
  }

  private static func openOrCreate(_ path: String) throws -> FileHandle {
    let url = URL(fileURLWithPath: path)
    while true {
      do {
        try Data().write(to: url, options: .withoutOverwriting)
      } catch let error as CocoaError where error.code == .fileWriteFileExists {
      } catch {
        throw Diagnostic(
          "cannot be created: \(reason(of: error))", at: path,
          fix: "choose a folder that you may write to, with --store")
      }
      do {
        return try FileHandle(forUpdating: url)
      } catch let error as CocoaError
        where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile
      {
        continue
      } catch {
        throw Diagnostic(
          "cannot be opened: \(reason(of: error))", at: path,
          fix: "remove the file, or make it writable for you")
      }
    }
  }
}

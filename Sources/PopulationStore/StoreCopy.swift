import Diagnostics
import Foundation

/// A copy of a store in a folder of its own, removed with the last reference.
final class StoreCopy: Sendable {
  private let folder: URL
  /// Of the copy.
  let path: String

  init(copying original: String) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mergevolve-\(UUID().uuidString)")
    path = folder.appendingPathComponent("store.sqlite").path
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: original, toPath: path)
      if FileManager.default.fileExists(atPath: original + "-wal") {
        try FileManager.default.copyItem(atPath: original + "-wal", toPath: path + "-wal")
      }
    } catch {
      throw Diagnostic(
        "cannot be read: \(reason(of: error))", at: original,
        fix: "check that you may read the file")
    }
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }
}

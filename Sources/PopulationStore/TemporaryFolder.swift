import Diagnostics
import Foundation

/// A folder for the copy of a store, removed with the last reference.
final class TemporaryFolder: Sendable {
  private let folder: URL
  let copy: String

  init(copying path: String) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mergevolve-\(UUID().uuidString)")
    copy = folder.appendingPathComponent("store.sqlite").path
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      if FileManager.default.fileExists(atPath: path + "-wal") {
        try FileManager.default.copyItem(atPath: path + "-wal", toPath: copy + "-wal")
      }
    } catch {
      throw Diagnostic(
        "cannot be read: \(reason(of: error))", at: path,
        fix: "check that you may read the file")
    }
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }
}

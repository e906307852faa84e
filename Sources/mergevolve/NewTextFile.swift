import Diagnostics
import Foundation
import Kernels

/// A text file that appears whole or not at all.
struct NewTextFile {
  let path: String
  let replacesExisting: Bool

  /// - Throws: ``Diagnostic`` if there is something of this name that may not be replaced.
  func refuseExisting() throws(Diagnostic) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return }
    if attributes[.type] as? FileAttributeType == .typeDirectory {
      throw Diagnostic("is a folder", at: path, fix: "name a file with --output")
    }
    if !replacesExisting {
      throw Diagnostic(
        "exists already", at: path, fix: "choose another name with --output, or add --force")
    }
  }

  /// Writes beside the place and moves the file there.
  ///
  /// - Throws: ``Diagnostic`` if the folder is not there or cannot be written, or the name is taken.
  func write(_ text: String) throws {
    let draft = "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: draft), options: .withoutOverwriting)
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: draft))
      try handle.synchronize()
      try handle.close()
      try refuseExisting()
      try Durability.rename(draft, to: path)
    } catch let problem as Diagnostic {
      try? FileManager.default.removeItem(atPath: draft)
      throw problem
    } catch {
      try? FileManager.default.removeItem(atPath: draft)
      throw Diagnostic(
        "cannot be written: \((error as NSError).localizedDescription)", at: path,
        fix: "choose a folder that exists and that you may write to")
    }
  }
}

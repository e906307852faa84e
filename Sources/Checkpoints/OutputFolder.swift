import Diagnostics
import Documents
import Foundation
import Kernels

/// A new folder that is filled beside its place and appears there in one step.
public struct OutputFolder: Sendable {
  /// What happens to a folder of that name that holds something.
  public enum Existing: Sendable {
    case refuse
    /// It is removed once the new one is complete.
    case replace
  }

  private let path: String
  private let temporary: String
  private let existing: Existing
  /// Folders above `path` that had to be made, the lowest first.
  private let madeParents: [String]

  /// Makes the temporary folder.
  ///
  /// - Parameters:
  ///   - path: Where the finished folder shall be.
  ///   - existing: What to do if it is there.
  ///   - size: Bytes that will be written at least.
  /// - Throws: ``Diagnostic`` if the place is taken or the disk has too little room.
  init(_ path: String, existing: Existing, size: Int) throws(Diagnostic) {
    try Self.checkPlace(path, existing)
    let url = URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath()
    let parent = url.deletingLastPathComponent()
    self.path = url.path
    self.existing = existing
    let name = ".\(url.lastPathComponent).partial-"
    temporary =
      parent.appendingPathComponent(
        name + "\(ProcessInfo.processInfo.processIdentifier)"
      ).path
    madeParents = Self.missingParents(of: parent)
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      Self.removeRemains(in: parent, prefix: name, own: temporary)
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
    } catch {
      throw Diagnostic(
        "cannot make a folder in \(parent.path): \(reason(error))", at: path,
        fix: "choose a folder that you may write to")
    }
    do {
      try Self.checkRoom(in: parent.path, size, as: path)
    } catch {
      discard()
      throw error
    }
  }

  static func checkPlace(_ path: String, _ existing: Existing) throws(Diagnostic) {
    guard !path.isEmpty else {
      throw Diagnostic("the name of the output folder is empty", at: "", fix: "name a new folder")
    }
    guard FileContents.exists(path) else {
      try checkParent(of: path)
      return
    }
    guard FileContents.isFolder(path) else {
      throw Diagnostic("there is a file of this name", at: path, fix: "name a new folder")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? ["?"]
    guard names.isEmpty || existing == .replace else {
      throw Diagnostic(
        "the folder exists and is not empty; nothing is overwritten", at: path,
        fix: "name a new folder, or remove this one")
    }
  }

  /// The nearest folder above that exists must take new entries.
  private static func checkParent(of path: String) throws(Diagnostic) {
    var parent = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
    while parent.path.count > 1, !FileContents.exists(parent.path) {
      parent.deleteLastPathComponent()
    }
    guard FileContents.isFolder(parent.path) else {
      throw Diagnostic("\(parent.path) is no folder", at: path, fix: "name another folder")
    }
    guard FileManager.default.isWritableFile(atPath: parent.path) else {
      throw Diagnostic(
        "no permission to write in \(parent.path)", at: path,
        fix: "choose a folder that you may write to")
    }
  }

  private static func checkRoom(
    in folder: String, _ size: Int, as path: String
  ) throws(Diagnostic) {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = attributes?[.systemFreeSize] as? NSNumber, free.intValue < size else { return }
    throw Diagnostic(
      "\(size) bytes are to be written, but the disk has \(free.intValue) bytes of free space",
      at: path, fix: "free space, or choose a folder on another disk")
  }

  private static func missingParents(of parent: URL) -> [String] {
    var missing: [String] = []
    var folder = parent
    while folder.path.count > 1, !FileContents.exists(folder.path) {
      missing.append(folder.path)
      folder.deleteLastPathComponent()
    }
    return missing
  }

  /// Removes what a killed process left of an earlier attempt at the same folder.
  private static func removeRemains(in parent: URL, prefix: String, own: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    for name in names where name.hasPrefix(prefix) {
      guard let process = Int32(name.dropFirst(prefix.count)) else { continue }
      let path = parent.appendingPathComponent(name).path
      if path == own || !FileContents.exists("/proc/\(process)") {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
  }

  // MARK: Contents

  /// - Precondition: A plain name, not used before.
  func createFile(_ name: String) throws(Diagnostic) -> OutputFile {
    precondition(!name.contains("/"), "'\(name)' is no plain name")
    return try OutputFile(creating: "\(temporary)/\(name)")
  }

  func write(_ bytes: [UInt8], to name: String) throws(Diagnostic) {
    let file = try createFile(name)
    try bytes.withRawBytes { span throws(Diagnostic) in try file.write(span, at: 0) }
    try file.synchronize()
  }

  // MARK: End

  /// Puts the folder in its place; afterwards it is on disk under its name.
  func publish() throws(Diagnostic) {
    try Durability.synchronizeFolder(temporary)
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let isTaken = !((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).isEmpty
    if isTaken, existing == .replace {
      let old = temporary + ".replaced"
      try Durability.rename(path, to: old)
      try Durability.rename(temporary, to: path)
      try? FileManager.default.removeItem(atPath: old)
    } else {
      try Durability.rename(temporary, to: path)
    }
    try Durability.synchronizeFolder(parent)
  }

  /// Removes everything that was made.
  func discard() {
    try? FileManager.default.removeItem(atPath: temporary)
    for parent in madeParents {
      let names = try? FileManager.default.contentsOfDirectory(atPath: parent)
      guard names?.isEmpty == true else { return }
      try? FileManager.default.removeItem(atPath: parent)
    }
  }
}

private func reason(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  return "\((underlying ?? error).localizedDescription)"
}

import Diagnostics
import Foundation

/// The words of the operating system for a failed file operation.
func reason(of error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  let words = (((underlying as? POSIXError) ?? error) as NSError).localizedDescription
  let preamble = "The operation could not be completed. "
  return words.hasPrefix(preamble) ? String(words.dropFirst(preamble.count)) : words
}

/// Where a store lies, with symbolic links resolved, so that two names of one store share a lock.
struct StoreLocation {
  /// Absolute.
  let path: String
  let folder: String

  init(_ path: String) {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL
    let resolved = absolute.resolvingSymlinksInPath()
    let parent = absolute.deletingLastPathComponent().resolvingSymlinksInPath()
    let exists = FileManager.default.fileExists(atPath: resolved.path)
    self.path =
      exists ? resolved.path : parent.appendingPathComponent(absolute.lastPathComponent).path
    folder = URL(fileURLWithPath: self.path).deletingLastPathComponent().path
  }

  /// Creates the folder if need be, and refuses one that cannot hold a store.
  func prepareForWriting() throws(Diagnostic) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(
        "this folder cannot be created: \(reason(of: error))", at: folder,
        fix: "choose another place with --store")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Diagnostic(
        "this folder is not writable", at: folder,
        fix: "choose another place with --store, or change the folder's permissions")
    }
    if let system = networkFileSystem {
      throw Diagnostic(
        "this folder is on a network file system (\(system)), where SQLite's locks are not reliable",
        at: folder, fix: "put the store on a local disk with --store")
    }
  }

  /// The type of the file system if it is one that other machines share.
  private var networkFileSystem: String? {
    guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else {
      return nil
    }
    return Self.networkFileSystem(of: folder, mounts: mounts)
  }

  /// As above, given the text of /proc/self/mountinfo.
  static func networkFileSystem(of folder: String, mounts: String) -> String? {
    let network: Set = [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.glusterfs",
      "fuse.sshfs", "lustre", "beegfs", "gpfs", "fuse.ceph", "orangefs", "coda",
    ]
    var longest = (length: -1, type: "")
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: false)
      guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: "-"),
        dash + 1 < fields.count
      else { continue }
      let point = String(fields[4]).replacingOccurrences(of: "\\040", with: " ")
      let prefix = point == "/" ? "/" : point + "/"
      if (folder + "/").hasPrefix(prefix), prefix.utf8.count >= longest.length {
        longest = (prefix.utf8.count, String(fields[dash + 1]))
      }
    }
    return network.contains(longest.type) ? longest.type : nil
  }
}

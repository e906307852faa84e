public import Diagnostics
import Documents
import Foundation

/// The local cache of the Hugging Face hub: nothing is downloaded, but what is there is found by its id.
public struct HubCache: Sendable {
  /// The folder that holds `models--ORG--NAME` folders; it need not exist.
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// The folder that the environment names: `HF_HUB_CACHE`, else `HF_HOME`, else the usual place.
  public init(environment: [String: String]) {
    func folder(_ variable: String, _ suffix: String) -> String? {
      guard let value = environment[variable], !value.isEmpty else { return nil }
      return NSString(string: value).expandingTildeInPath + suffix
    }
    self.folder =
      folder("HF_HUB_CACHE", "") ?? folder("HUGGINGFACE_HUB_CACHE", "")
      ?? folder("HF_HOME", "/hub") ?? folder("XDG_CACHE_HOME", "/huggingface/hub")
      ?? folder("HOME", "/.cache/huggingface/hub") ?? ".cache/huggingface/hub"
  }

  /// The cache of this process's environment.
  public static var standard: HubCache {
    HubCache(environment: ProcessInfo.processInfo.environment)
  }

  /// The folder of a model's files.
  ///
  /// - Parameter reference: `NAME`, `ORG/NAME`, or either with `@REVISION` (a branch, tag or commit).
  /// - Returns: nil if the cache has no such model.
  /// - Throws: ``Diagnostic`` if it has the model, but not this revision of it.
  public func snapshot(of reference: String) throws(Diagnostic) -> String? {
    let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let id = String(parts[0])
    let revision = parts.count > 1 ? String(parts[1]) : "main"
    guard Self.isIdentifier(id) else { return nil }
    let model = folder + "/models--" + id.split(separator: "/").joined(separator: "--")
    guard FileContents.exists(model) else { return nil }
    guard Self.isRevision(revision) else {
      throw Diagnostic(
        "'\(revision)' is no name of a revision", at: reference,
        fix: "write a branch, a tag or a commit after the @")
    }
    let commit: String
    if FileContents.exists("\(model)/refs/\(revision)") {
      commit = try FileContents.text(of: "\(model)/refs/\(revision)")
        .trimmingCharacters(in: .whitespacesAndNewlines)
    } else {
      commit = revision
    }
    let snapshot = "\(model)/snapshots/\(commit)"
    guard Self.isRevision(commit), FileContents.exists(snapshot) else {
      throw Diagnostic(
        "revision '\(revision)' is not in the local Hugging Face cache (\(model))", at: reference,
        fix: fix(id, model))
    }
    return snapshot
  }

  private func fix(_ id: String, _ model: String) -> String {
    let there = (try? FileManager.default.contentsOfDirectory(atPath: model + "/snapshots")) ?? []
    let download = "download it with 'hf download \(id)'"
    guard let first = there.sorted().first else { return download }
    return download + ", or name one that is there, such as \(id)@\(first)"
  }

  /// `NAME` or `ORG/NAME` in the characters that the hub allows.
  public static func isIdentifier(_ id: String) -> Bool {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy(isPart)
  }

  private static func isRevision(_ revision: String) -> Bool {
    revision.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPart)
  }

  private static func isPart(_ part: Substring) -> Bool {
    !part.isEmpty && part != "." && part != ".."
      && part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}

import Diagnostics
import Foundation
public import Kernels

/// What tells whether files still hold what they held: a hash of every byte.
public struct ContentFingerprint: Hashable, Codable, Sendable {
  public struct File: Hashable, Codable, Sendable {
    /// Path relative to the folder of the fingerprint.
    public let name: String
    /// In bytes.
    public let size: Int
    /// Microseconds since 1970; a shortcut, not part of the content.
    public let modified: Int64
    /// 32 hexadecimal digits; see ``ContentHash``.
    public let hash: String
  }

  /// In the order in which the names were given.
  public let files: [File]

  /// Reads and hashes all files.
  ///
  /// - Throws: ``Diagnostic`` if one cannot be read; `CancellationError`.
  public init(of names: [String], in folder: String, on pool: WorkerPool) throws {
    files = try names.map { try File($0, in: folder, on: pool) }
  }

  /// One hash of all names, sizes and contents: equal wherever the files lie and whenever they were
  /// written.
  public var digest: String {
    let text = files.map { "\($0.name)\n\($0.size)\n\($0.hash)\n" }.joined()
    return Array(text.utf8).withRawBytes { ContentHash(of: $0) }.hexadecimal
  }

  /// Whether sizes and modification times are those of the fingerprint, so that nothing needs to be
  /// read again.
  public func isUntouched(in folder: String) -> Bool {
    files.allSatisfy { file in
      guard let state = try? File.state(of: "\(folder)/\(file.name)") else { return false }
      return state.size == file.size && state.modified == file.modified
    }
  }

  /// Names of the files whose content differs, or that only one of the two has; in order of `self`.
  public func changes(to other: ContentFingerprint) -> [String] {
    let mine = files.map { ExactName($0.name) }
    let theirs = Dictionary(
      other.files.map { (ExactName($0.name), $0.hash) }, uniquingKeysWith: { first, _ in first })
    let changed = files.filter { theirs[ExactName($0.name)] != $0.hash }.map(\.name)
    return changed + other.files.map(\.name).filter { !mine.contains(ExactName($0)) }
  }
}

extension ContentFingerprint.File {
  /// The file is hashed in blocks of this many bytes on all workers, then the blocks' hashes.
  private static let block = 8 << 20

  fileprivate init(_ name: String, in folder: String, on pool: WorkerPool) throws {
    let path = "\(folder)/\(name)"
    let state = try Self.state(of: path)
    let file = try MappedFile(path: path)
    let count = file.count
    let blocks = (count + Self.block - 1) / Self.block
    var hashes: [ContentHash] = []
    for first in stride(from: 0, to: blocks, by: 16) {
      try Task.checkCancellation()
      hashes += try pool.map(min(16, blocks - first)) { index in
        let start = (first + index) * Self.block
        return try file.withBytes(start..<min(count, start + Self.block)) { ContentHash(of: $0) }
      }
    }
    self.init(
      name: name, size: count, modified: state.modified,
      hash: ContentHash(of: hashes).hexadecimal)
  }

  fileprivate static func state(
    of path: String
  ) throws(Diagnostic) -> (size: Int, modified: Int64) {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: target)
      let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      return ((attributes[.size] as? Int) ?? -1, Int64((modified * 1e6).rounded()))
    } catch {
      throw Diagnostic("cannot read the file: \(error)", at: path, fix: "check the path")
    }
  }
}

extension Checkpoint {
  /// Hashes everything that decides what the model computes: configuration, weights, tokenizer.
  ///
  /// - Throws: ``Diagnostic`` if a file cannot be read; `CancellationError`.
  public func fingerprint(on pool: WorkerPool) throws -> ContentFingerprint {
    try ContentFingerprint(of: contentFiles, in: path, on: pool)
  }

  /// Names of the files that ``fingerprint(on:)`` hashes, sorted.
  public var contentFiles: [String] {
    let weights = files.map { String($0.path.dropFirst(path.count + 1)) }
    let others = (TokenizerFiles.names + ["config.json"]).filter {
      FileManager.default.fileExists(atPath: "\(path)/\($0)")
    }
    return (weights + others).sorted()
  }
}

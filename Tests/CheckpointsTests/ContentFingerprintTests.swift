import Checkpoints
import Diagnostics
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Content fingerprints") struct ContentFingerprintTests {
  private let folder: TemporaryFolder
  private let pool = WorkerPool(threads: 2)

  init() throws { folder = try TemporaryFolder() }

  @Test("are equal for equal content, wherever and whenever it was written")
  func relocation() throws {
    let first = try Checkpoint.open(try TinyModel(seed: 3).write(to: folder, as: "a", shards: 2))
    let second = try Checkpoint.open(try TinyModel(seed: 3).write(to: folder, as: "b", shards: 2))
    let other = try Checkpoint.open(try TinyModel(seed: 4).write(to: folder, as: "c", shards: 2))
    let fingerprint = try first.fingerprint(on: pool)
    #expect(
      fingerprint.files.map(\.name) == [
        "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
      ])
    #expect(try second.fingerprint(on: WorkerPool(threads: 1)).digest == fingerprint.digest)
    #expect(try other.fingerprint(on: pool).digest != fingerprint.digest)
    #expect(fingerprint.changes(to: try second.fingerprint(on: pool)).isEmpty)
    try folder.write("{}", to: "b/tokenizer.json")
    let changed = try Checkpoint.open(folder.file("b")).fingerprint(on: pool)
    #expect(fingerprint.changes(to: changed) == ["tokenizer.json"])
    #expect(changed.changes(to: fingerprint) == ["tokenizer.json"])
  }

  @Test("notice every changed, added and removed byte")
  func sensitivity() throws {
    var digests: Set<String> = []
    var count = 0
    for length in [0, 1, 7, 63, 64, 65, 200] {
      var variants = [[UInt8](repeating: 0, count: length)]
      for position in 0..<length {
        variants.append(variants[0])
        variants[variants.count - 1][position] = 1
      }
      for bytes in variants {
        try folder.write(bytes, to: "f")
        digests.insert(try ContentFingerprint(of: ["f"], in: folder.path, on: pool).digest)
      }
      count += variants.count
    }
    #expect(digests.count == count)
  }

  @Test("know untouched files by size and time")
  func untouched() throws {
    let path = try folder.write("abc", to: "f")
    let fingerprint = try ContentFingerprint(of: ["f"], in: folder.path, on: pool)
    #expect(fingerprint.isUntouched(in: folder.path))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: path)
    #expect(!fingerprint.isUntouched(in: folder.path))
    try FileManager.default.removeItem(atPath: path)
    #expect(!fingerprint.isUntouched(in: folder.path))
  }

  @Test("keep their values: a stored fingerprint must be found again")
  func stability() throws {
    try folder.write([], to: "empty")
    try folder.write("mergevolve", to: "text")
    let fingerprint = try ContentFingerprint(of: ["empty", "text"], in: folder.path, on: pool)
    #expect(
      fingerprint.files.map(\.hash) == [
        "1a687a1d41edc631905cc4d7a9b1c847", "4a416e435fe83d537459d41336c78fac",
      ])
  }
}

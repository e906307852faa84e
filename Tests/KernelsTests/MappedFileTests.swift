import Diagnostics
import Foundation
import Testing

@testable import Kernels

@Suite("Mapped file")
struct MappedFileTests {
  private func temporaryFile(_ bytes: [UInt8]) throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "mapped-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    return url.path
  }

  @Test("reads ranges of the file")
  func ranges() throws {
    let path = try temporaryFile((0..<200).map { UInt8($0) })
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try MappedFile(path: path)
    #expect(file.count == 200)
    #expect(try file.bytes(10..<20) == (10..<20).map { UInt8($0) })
    #expect(try file.withBytes(10..<20) { $0.byteCount } == 10)
    #expect(try file.withBytes(200..<200) { $0.byteCount } == 0)
  }

  @Test("maps an empty file")
  func empty() throws {
    let path = try temporaryFile([])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try MappedFile(path: path)
    #expect(file.count == 0)
    #expect(try file.withBytes(0..<0) { $0.byteCount } == 0)
  }

  @Test("refuses a missing file and a folder")
  func refusals() {
    #expect(
      throws: Diagnostic(
        "cannot open the file (No such file or directory)", at: "/nowhere/weights",
        fix: "check the path and its permissions")
    ) { try MappedFile(path: "/nowhere/weights") }
    #expect(
      throws: Diagnostic(
        "is not a regular file", at: "/tmp", fix: "name a file, not a folder or device")
    ) { try MappedFile(path: "/tmp") }
  }

  @Test("fails cleanly when the file has shrunk")
  func shrunk() throws {
    let path = try temporaryFile([UInt8](repeating: 7, count: 10_000))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try MappedFile(path: path)
    #expect(unsafe truncate(path, 5000) == 0)
    #expect(try file.withBytes(0..<5000) { $0.byteCount } == 5000)
    #expect(
      throws: Diagnostic(
        "the file shrank from 10000 to 5000 bytes while it was in use", at: path,
        fix: "restore the file and do not write to it during a run")
    ) { try file.withBytes(0..<5001) { $0.byteCount } }
  }
}

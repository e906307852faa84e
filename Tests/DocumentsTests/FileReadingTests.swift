import Diagnostics
import Documents
import Foundation
import Testing

@Suite("Files read from disk") struct FileReadingTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mergevolve-documents-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = folder.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }

  @Test("a JSON file is parsed and named in errors")
  func json() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let good = try write(Array("{\"a\": 1}".utf8), to: "good.json")
    #expect(try JSONValue.read(path: good)["a"]?.integer == 1)
    let bad = try write(Array("{\"a\": 1}\n}".utf8), to: "bad.json")
    #expect(
      throws: Diagnostic(
        "unexpected '}' after the end of the JSON value", at: "\(bad): line 2, column 1",
        fix: "remove what follows the value")
    ) { try JSONValue.read(path: bad) }
  }

  @Test("missing files, folders and broken encodings are told apart")
  func unreadable() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = folder.appendingPathComponent("missing").path
    #expect(throws: Diagnostic("no such file", at: missing, fix: "check the path")) {
      try FileContents.bytes(of: missing)
    }
    #expect(
      throws: Diagnostic(
        "is a folder, not a file", at: folder.path, fix: "name a file inside it")
    ) { try FileContents.bytes(of: folder.path) }
    let latin = try write([0x61, 0x0A, 0xE9, 0x0A], to: "latin.txt")
    #expect(
      throws: Diagnostic(
        "is not UTF-8 text", at: "\(latin): line 2", fix: "save the file in the encoding UTF-8")
    ) { try FileContents.text(of: latin) }
    let good = try write(Array("é\n".utf8), to: "good.txt")
    #expect(try FileContents.text(of: good) == "é\n")
  }

  @Test("JSON Lines count lines, skip blank ones and end without a line break")
  func lines() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try write(Array("{\"a\":1}\r\n\n  \n[2]\n3".utf8), to: "rows.jsonl")
    let rows = try JSONLines.read(path: path).rows
    #expect(rows.map(\.line) == [1, 4, 5])
    #expect(rows.map { $0.value.text(.compact) } == ["{\"a\":1}", "[2]", "3"])
    #expect(try JSONLines.parse([], location: "f").rows.isEmpty)
    #expect(throws: Diagnostic.self) {
      try JSONLines.parse(Array("1\n{\"a\":\n2}\n".utf8), location: "f")
    }
    do {
      _ = try JSONLines.parse(Array("1\n\n{\"a\": x}".utf8), location: "rows.jsonl")
    } catch {
      #expect(error.location == "rows.jsonl: line 3, column 7")
    }
  }
}

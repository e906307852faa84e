import Diagnostics
import Foundation
import GRDB
@testable import PopulationStore
import TestSupport
import Testing

@Suite("A file that is no usable store") struct DamagedStoreTests {
  let folder: TemporaryFolder
  var path: String { folder.file("search.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  private func expectRefusal(_ problem: String, fix: String) {
    for access in [PopulationStore.Access.reading, .driving] {
      #expect {
        try PopulationStore.open(path, for: access)
      } throws: { error in
        guard let diagnostic = error as? Diagnostic else { return false }
        return diagnostic.problem == problem && diagnostic.fix == fix
          && diagnostic.location.hasSuffix("search.sqlite")
      }
    }
  }

  private func database() throws -> DatabaseQueue { try DatabaseQueue(path: path) }

  @Test("is missing")
  func missing() {
    expectRefusal(
      "there is no such store",
      fix: "`mergevolve search` creates one; its `store:` key and --store say where")
  }

  @Test("is a folder")
  func isFolder() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    expectRefusal("is a folder, not a store", fix: "name the .sqlite file")
  }

  @Test("is a text", arguments: ["{}", String(repeating: "not a database ", count: 1000)])
  func text(content: String) throws {
    try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    expectRefusal(
      "is not a SQLite database", fix: "name the file that `mergevolve search` wrote")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
  }

  @Test("is empty, or somebody else's database", arguments: [false, true])
  func foreign(hasTable: Bool) throws {
    try Data().write(to: URL(fileURLWithPath: path))
    if hasTable {
      try database().write { db in try db.execute(sql: "CREATE TABLE songs (title TEXT)") }
    }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    expectRefusal(
      "is a SQLite database, but not a store of mergevolve",
      fix: "name the file that `mergevolve search` wrote")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test("is of a newer version")
  func newer() throws {
    try ScriptedSearch().finished(at: path).close()
    try database().write { db in
      try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')")
    }
    expectRefusal(
      "was written by a newer version of mergevolve",
      fix: "update mergevolve; nothing has been changed in the store")
  }

  @Test("is of an older version, which a reader cannot bring up to date")
  func older() throws {
    try ScriptedSearch().finished(at: path).close()
    try database().write { db in
      try db.execute(sql: "DELETE FROM grdb_migrations")
    }
    #expect {
      try PopulationStore.open(path, for: .reading)
    } throws: { error in
      (error as? Diagnostic)?.problem == "was written by an older version of mergevolve"
    }
  }

  @Test("lost its end", arguments: [0.3, 0.6, 0.95])
  func truncated(share: Double) throws {
    try ScriptedSearch().finished(at: path).close()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let kept = Int(Double(bytes.count) * share) / 4096 * 4096
    try bytes.prefix(kept).write(to: URL(fileURLWithPath: path))
    #expect {
      try PopulationStore.open(path, for: .driving)
    } throws: { error in
      guard let diagnostic = error as? Diagnostic else { return false }
      return diagnostic.problem.hasPrefix("is damaged: ")
        && diagnostic.fix
          == "restore the file from a copy, or start the search anew with another --store"
    }
  }

  @Test("has bytes overwritten: it may be refused or read, but nothing traps", arguments: 0..<40)
  func overwritten(seed: Int) throws {
    try ScriptedSearch().finished(at: path).close()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for step in 0..<200 {
      bytes[100 + (seed * 7919 + step * 104_729) % (bytes.count - 100)] = UInt8(step)
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    do {
      let store = try PopulationStore.open(path, for: .reading)
      _ = try store.search()
      _ = try store.benchmarks()
      _ = try store.candidates()
      _ = try store.generations()
      for evaluation in try store.evaluations() { _ = try store.itemBlocks(evaluation.key) }
      _ = try store.conclusions()
      _ = try store.testLooks()
      _ = try store.events()
    } catch {
      #expect(error is Diagnostic || error is StorageError, "\(error)")
    }
  }

  @Test("holds a value that no version writes")
  func foreignValues() throws {
    try ScriptedSearch().finished(at: path).close()
    try database().write { db in
      try db.execute(sql: "UPDATE candidate SET genome = x'0102' WHERE id = 4")
      try db.execute(sql: "UPDATE event SET detail = 'x', at = 'yesterday'")
    }
    let store = try PopulationStore.open(path, for: .reading)
    #expect {
      try store.candidate(4)
    } throws: { "\($0)".hasPrefix("genome: is not a whole number of doubles") }
    #expect(throws: Diagnostic.self) { try store.events() }
  }
}

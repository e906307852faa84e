import Diagnostics
import Foundation
@testable import PopulationStore
import TestSupport
import Testing

@Suite("Who may use a store") struct StoreAccessTests {
  let folder: TemporaryFolder
  var path: String { folder.file("search.sqlite") }
  let script = ScriptedSearch()

  init() throws { folder = try TemporaryFolder() }

  private func create() throws -> PopulationStore {
    try StoreReservation(at: path, configuration: script.configuration)
      .publish(script.newSearch())
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing thrown"
    } catch {
      return "\(error)".replacing(
        URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path + "/", with: "")
    }
  }

  @Test("one driver, and everybody else hears its process number")
  func secondDriver() throws {
    let store = try create()
    let process = ProcessInfo.processInfo.processIdentifier
    let expected = """
      search.sqlite: another mergevolve (process \(process)) is running this search
        fix: wait for it or stop it; `mergevolve status` may read the store at any time
      """
    #expect(message { _ = try PopulationStore.open(path, for: .driving) } == expected)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.sqlite"), withDestinationPath: path)
    #expect(
      message { _ = try PopulationStore.open(folder.file("link.sqlite"), for: .driving) }
        == expected)
    #expect(try PopulationStore.open(path, for: .reading).search().name == "scripted")
    try store.close()
    let next = try PopulationStore.open(path, for: .driving)
    #expect(next.session == 1)
    try next.close()
    #expect(try folder.names() == ["link.sqlite", "search.sqlite"])
  }

  @Test("one creator of a name")
  func secondCreator() throws {
    let reservation = try StoreReservation(at: path, configuration: "{}")
    #expect(throws: StorageError.self) { try StoreReservation(at: path, configuration: "{}") }
    try reservation.publish(script.newSearch()).close()
  }

  @Test("a name that is only reserved stays free")
  func reservedOnly() throws {
    do { _ = try StoreReservation(at: path, configuration: "{}") }
    #expect(try folder.names() == [])
    _ = try StoreReservation(at: path, configuration: "{}")
  }

  @Test("a lock file that a killed driver has left is no lock")
  func staleLock() throws {
    try create().close()
    try Data("99999 gone\n".utf8).write(to: URL(fileURLWithPath: path + "-lock"))
    try PopulationStore.open(path, for: .driving).close()
  }

  @Test("readers see whole transactions while a driver writes")
  func readersAndDriver() throws {
    let store = try create()
    let reader = try PopulationStore.open(path, for: .reading)
    #expect(try reader.candidates().allSatisfy { $0.status == .pending })
    try script.run(store)
    #expect(try reader.search().phase == .finished)
    #expect(try reader.dump() == store.dump())
  }

  @Test("write-ahead log, synced at every commit, foreign keys enforced")
  func durability() throws {
    let store = try create()
    #expect(try store.rows("PRAGMA journal_mode") == ["wal"])
    #expect(try store.rows("PRAGMA synchronous") == ["2"])
    #expect(try store.rows("PRAGMA foreign_keys") == ["1"])
    #expect(try store.rows("PRAGMA integrity_check") == ["ok"])
    #expect(throws: StorageError.self) {
      try store.commit(
        Wave(evaluations: [
          Evaluation(
            key: store.search().searchKey(99, maskSeed: 0), score: 1, standardError: nil,
            requestedTokens: 1, cost: 1, isComplete: true, tasks: [])
        ]))
    }
    #expect(try store.evaluations().isEmpty)
  }

  @Test("a commit that finds the disk full has not happened, and may be repeated")
  func fullDisk() throws {
    let store = try create()
    let key = try store.search().searchKey(1, maskSeed: 0)
    let wave = Wave(
      blocks: [
        ItemBlock(
          key: key, task: "sums", block: 0,
          items: ItemTable(
            positions: Array(0..<20_000),
            columns: [.init("nats", .reals((0..<20_000).map { -Double($0) / 3 }))]))
      ],
      statuses: [1: .scored])
    let pages = try store.rows("PRAGMA max_page_count")[0]
    _ = try store.rows("PRAGMA max_page_count = 1")
    #expect(
      message { try store.commit(wave) } == """
        search.sqlite: the disk is full
          fix: free some space, then `mergevolve resume search.sqlite`; what was scored is saved
        """)
    #expect(try store.candidate(1).status == .pending)
    _ = try store.rows("PRAGMA max_page_count = \(pages)")
    try store.commit(wave)
    #expect(try store.itemBlocks(key) == wave.blocks)
  }

  @Test("an existing store is never overwritten")
  func existing() throws {
    try create().close()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(
      message { _ = try StoreReservation(at: path, configuration: script.configuration) }
        == """
        search.sqlite: already holds this search
          fix: go on with `mergevolve resume \(path)`, or start anew in another file with --store
        """.replacing(
          URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path + "/", with: ""))
    #expect(
      message { _ = try StoreReservation(at: path, configuration: "{}") } == """
        search.sqlite: holds another search, 'scripted'
          fix: choose another file with --store; nothing is overwritten
        """)
    let text = folder.file("notes.txt")
    try Data("hello".utf8).write(to: URL(fileURLWithPath: text))
    #expect(
      message { _ = try StoreReservation(at: text, configuration: "{}") } == """
        notes.txt: a file of this name exists and is no store of this search: it is not a SQLite database
          fix: choose another file with --store; nothing is overwritten
        """)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test("a reader leaves no files behind, and changes nothing")
  func tidyReader() throws {
    try create().close()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let reader = try PopulationStore.open(path, for: .reading)
    _ = try reader.snapshot()
    try reader.close()
    #expect(try folder.names() == ["search.sqlite"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test("a store may be read where nothing may be written")
  func copiedForReading() throws {
    let store = try create()
    let copy = try StoreCopy(copying: store.path)
    #expect(try PopulationStore.open(copy.path, for: .reading).dump() == store.dump())
  }

  @Test("network file systems are recognised by the innermost mount")
  func networkFileSystems() {
    let mounts = """
      21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
      30 21 0:40 / /data rw,relatime shared:2 master:1 - nfs4 server:/data rw
      31 30 0:41 / /data/local rw,relatime - xfs /dev/vdb rw
      32 21 0:42 / /mnt/my\\040share rw,relatime - cifs //server/share rw
      """
    func type(_ folder: String) -> String? {
      StoreLocation.networkFileSystem(of: folder, mounts: mounts)
    }
    #expect(type("/tmp") == nil)
    #expect(type("/data/runs") == "nfs4")
    #expect(type("/datasets") == nil)
    #expect(type("/data/local/runs") == nil)
    #expect(type("/mnt/my share") == "cifs")
  }
}

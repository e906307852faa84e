import Diagnostics
import Foundation
import GRDB

/// One search in one SQLite file: what was decided, what was scored, and the state to go on from.
///
/// One process drives a search and holds an operating-system lock; any number may read at any time.
/// Every writing method is one transaction: after a crash it has happened as a whole or not at all. Safe to share
/// between tasks; calls are serialized. Tables: ``StoreSchema``.
///
/// Methods throw ``Diagnostic`` for files that are no usable store, ``StorageError`` for failures while running.
public final class PopulationStore: Sendable {
  public enum Access: Sendable {
    /// Reading and writing, by one process at a time.
    case driving
    case reading
  }

  /// Absolute, with symbolic links resolved.
  public let path: String
  public let access: Access
  public let failpoints: Failpoints
  /// Of this driver, from 1; 0 for readers.
  public let session: Int

  private let queue: DatabaseQueue
  private let lock: StoreLock?
  /// The copy that a reader looks at where the folder of the store admits no reading in place.
  private let copy: StoreCopy?

  private init(
    path: String, access: Access, failpoints: Failpoints, queue: DatabaseQueue, lock: StoreLock?,
    copy: StoreCopy?
  ) throws {
    self.path = path
    self.access = access
    self.failpoints = failpoints
    self.queue = queue
    self.lock = lock
    self.copy = copy
    guard access == .driving else {
      session = 0
      return
    }
    session = try Self.translating(path) {
      try queue.read { db in
        try (Int.fetchOne(db, sql: "SELECT max(session) FROM event") ?? 0) + 1
      }
    }
  }

  /// Opens an existing store.
  ///
  /// - Throws: ``StorageError/locked(path:process:)`` if another process drives the search; ``Diagnostic`` if
  ///   the file is missing, foreign, damaged, of a newer version, or in a place where it cannot be written.
  public static func open(
    _ path: String, for access: Access, failpoints: Failpoints = .none
  ) throws -> PopulationStore {
    let location = StoreLocation(path)
    let attributes = try? FileManager.default.attributesOfItem(atPath: location.path)
    guard let attributes else {
      throw Diagnostic(
        "there is no such store", at: path,
        fix: "`mergevolve search` creates one; its `store:` key and --store say where")
    }
    guard attributes[.type] as? FileAttributeType != .typeDirectory else {
      throw Diagnostic("is a folder, not a store", at: path, fix: "name the .sqlite file")
    }
    switch access {
    case .driving:
      try location.prepareForWriting()
      return try drive(location, lock: try StoreLock(store: location.path), failpoints: failpoints)
    case .reading:
      let store = try read(location, failpoints: failpoints)
      guard try store.read(StoreSchema.migrator.hasCompletedMigrations) else {
        throw Diagnostic(
          "was written by an older version of mergevolve", at: location.path,
          fix: "bring it up to date with `mergevolve resume \(location.path)`")
      }
      return store
    }
  }

  /// Takes over `lock`, which guards this location.
  static func drive(
    _ location: StoreLocation, lock: StoreLock, failpoints: Failpoints
  ) throws -> PopulationStore {
    // Read-only first: a foreign file must not even be switched to write-ahead logging.
    try read(location, failpoints: failpoints).close()
    let queue = try translating(location.path) {
      let queue = try DatabaseQueue(
        path: location.path, configuration: drivingConfiguration(for: location.path))
      try StoreSchema.migrator.migrate(queue)
      return queue
    }
    return try PopulationStore(
      path: location.path, access: .driving, failpoints: failpoints, queue: queue, lock: lock,
      copy: nil)
  }

  private static func read(
    _ location: StoreLocation, failpoints: Failpoints
  ) throws -> PopulationStore {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    var copy: StoreCopy?
    let queue = try translating(location.path) {
      do {
        let queue = try DatabaseQueue(path: location.path, configuration: configuration)
        try check(queue, path: location.path)
        try queue.close()
        // A connection that may write nothing leaves the log's files behind when it is the last.
        var tidy = configuration
        tidy.readonly = false
        return try DatabaseQueue(path: location.path, configuration: tidy)
      } catch let error as DatabaseError
        where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode)
      {
        // In a folder that is not writable SQLite cannot make the files that write-ahead logs need.
        let folder = try StoreCopy(copying: location.path)
        copy = folder
        let queue = try DatabaseQueue(path: folder.path, configuration: configuration)
        try check(queue, path: location.path)
        return queue
      }
    }
    return try PopulationStore(
      path: location.path, access: .reading, failpoints: failpoints, queue: queue, lock: nil,
      copy: copy)
  }

  /// Refuses whatever is not an undamaged store of a version that this program knows.
  private static func check(_ queue: DatabaseQueue, path: String) throws {
    try queue.read { db in
      guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == StoreSchema.applicationID else {
        throw Diagnostic(
          "is a SQLite database, but not a store of mergevolve", at: path,
          fix: "name the file that `mergevolve search` wrote")
      }
      guard try !StoreSchema.migrator.hasBeenSuperseded(db) else {
        throw Diagnostic(
          "was written by a newer version of mergevolve", at: path,
          fix: "update mergevolve; nothing has been changed in the store")
      }
      let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
      guard verdict == "ok" else {
        throw damage("\(verdict ?? "no answer from SQLite's check")", at: path)
      }
    }
  }

  static func drivingConfiguration(for path: String) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    // Not `journalMode = .wal`, which makes commits that a power cut may undo.
    configuration.prepareDatabase { db in
      let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      guard mode == "wal" else {
        throw Diagnostic(
          "SQLite cannot keep a write-ahead log here", at: path,
          fix: "put the store on a local disk with --store")
      }
      try db.execute(sql: "PRAGMA synchronous = FULL")
    }
    return configuration
  }

  /// Whether this reader sees what a driver writes from now on; else it has a copy, and must be opened anew.
  public var isLive: Bool { copy == nil }

  /// The process that drives the search at this moment; nil if none does.
  ///
  /// A killed driver counts as none, unless its number belongs to another process by now.
  public var driver: Int? { StoreLock.holder(store: path) }

  /// Ends all use of the file and gives the lock back, as happens to a store that is let go.
  public func close() throws {
    try Self.translating(path) { try queue.close() }
    lock?.release()
  }
}

/// The questions that can be asked of a store, within one transaction.
struct StoreQueries {
  let db: Database
  let path: String
}

/// The transactions of a store; see ``Failpoints`` for the places that they pass.
public enum StoreTransaction: String, Sendable, CaseIterable {
  case create, plan, generation, wave, control, finalists, look, conclusion, budget, phase, model,
    event
}

extension PopulationStore {
  /// Runs `body` on one consistent state of the file.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.translating(path) { try queue.read(body) }
  }

  /// Answers one or several questions about one consistent state of the file.
  func query<Value>(_ body: (StoreQueries) throws -> Value) throws -> Value {
    try read { db in try body(StoreQueries(db: db, path: path)) }
  }

  /// Runs `body` as one transaction.
  func write<Value>(
    _ transaction: StoreTransaction, _ body: (Database) throws -> Value
  ) throws -> Value {
    precondition(access == .driving, "\(transaction) on a store that is open for reading")
    failpoints.pass("before-\(transaction.rawValue)")
    let value = try Self.translating(path) {
      try queue.write { db in
        let value = try body(db)
        failpoints.pass("inside-\(transaction.rawValue)")
        return value
      }
    }
    failpoints.pass("after-\(transaction.rawValue)")
    return value
  }
}

import Diagnostics
import Foundation
import GRDB

/// The right to create a store: its name is free, its folder is usable and nobody else may take it.
///
/// Held while a search is being checked. The file appears under its name with ``publish(_:)`` only,
/// complete; until then a killed `search` has left nothing that counts.
public struct StoreReservation: Sendable {
  private let location: StoreLocation
  private let lock: StoreLock
  private let failpoints: Failpoints

  /// Takes the name and creates missing folders.
  ///
  /// `configuration` is ``NewSearch/configuration``, which tells this
  /// search from another in a store that exists already.
  ///
  /// - Throws: ``StorageError/locked(path:process:)``; ``Diagnostic`` if the name is taken or the place is unusable.
  public init(at path: String, configuration: String, failpoints: Failpoints = .none) throws {
    location = StoreLocation(path)
    self.failpoints = failpoints
    try Self.refuseExisting(location, path: path, configuration: configuration)
    try location.prepareForWriting()
    lock = try StoreLock(store: location.path)
    try Self.refuseExisting(location, path: path, configuration: configuration)
  }

  private static func refuseExisting(
    _ location: StoreLocation, path: String, configuration: String
  ) throws {
    guard FileManager.default.fileExists(atPath: location.path) else { return }
    let existing: StoredSearch
    do {
      let store = try PopulationStore.open(location.path, for: .reading)
      existing = try store.search()
      try store.close()
    } catch let diagnostic as Diagnostic {
      throw Diagnostic(
        "a file of this name exists and is no store of this search: it \(diagnostic.problem)",
        at: path, fix: "choose another file with --store; nothing is overwritten")
    }
    guard existing.configuration == configuration else {
      throw Diagnostic(
        "holds another search, '\(existing.name)'", at: path,
        fix: "choose another file with --store; nothing is overwritten")
    }
    throw Diagnostic(
      "already holds this search", at: path,
      fix: "go on with `mergevolve resume \(path)`, or start anew in another file with --store")
  }

  /// Writes the search beside its place, moves it there and opens it for driving.
  public func publish(_ search: NewSearch) throws -> PopulationStore {
    let draft = location.path + "-new"
    try PopulationStore.translating(location.path) {
      try removeDraft(draft)
      failpoints.pass("before-create")
      let queue = try DatabaseQueue(
        path: draft, configuration: PopulationStore.drivingConfiguration(for: location.path))
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA application_id = \(StoreSchema.applicationID)")
      }
      try StoreSchema.migrator.migrate(queue)
      try queue.write { db in
        try insert(search, into: db)
        failpoints.pass("inside-create")
      }
      try queue.close()
    }
    failpoints.pass("after-create")
    try move(draft)
    failpoints.pass("after-publish")
    return try PopulationStore.drive(location, lock: lock, failpoints: failpoints)
  }

  private func removeDraft(_ draft: String) throws {
    for name in [draft, draft + "-wal", draft + "-shm", draft + "-journal"]
    where FileManager.default.fileExists(atPath: name) {
      do {
        try FileManager.default.removeItem(atPath: name)
      } catch {
        throw Diagnostic(
          "is left over from a search that was killed, and cannot be removed: \(reason(of: error))",
          at: name, fix: "remove it, or choose another file with --store")
      }
    }
  }

  private func move(_ draft: String) throws {
    do {
      try FileManager.default.moveItem(atPath: draft, toPath: location.path)
      if let folder = FileHandle(forReadingAtPath: location.folder) {
        try folder.synchronize()
        try folder.close()
      }
    } catch {
      throw StorageError.failed(
        Diagnostic(
          "the new store cannot be moved here: \(reason(of: error))", at: location.path,
          fix: "check the folder, then start the search again"))
    }
  }
}

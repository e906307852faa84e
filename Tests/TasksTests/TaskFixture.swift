import Diagnostics
import Foundation
import Tasks

/// A folder of its own for the files of one test.
struct TaskFixture {
  let folder: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("tasks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  func path(_ name: String) -> String { folder + "/" + name }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  /// Writes `task.yaml` and reads it with its data.
  func load(_ yaml: String) throws -> LoadedTask {
    try write("task.yaml", yaml)
    return try LoadedTask.load(path: path("task.yaml"))
  }

  /// The message without the folder's path.
  func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)".replacingOccurrences(of: folder + "/", with: "")
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Runs `body` in a fresh folder and removes it.
  static func use<Result>(_ body: (TaskFixture) throws -> Result) throws -> Result {
    let fixture = try TaskFixture()
    defer { fixture.remove() }
    return try body(fixture)
  }
}

extension LoadedTask {
  /// The items of all splits.
  func allItems() throws -> [TaskItem] {
    var all: [TaskItem] = []
    for split in Split.allCases where itemCount(in: split) > 0 { all += try items(in: split) }
    return all
  }
}

/// The repository's root.
let repositoryRoot = String(#filePath.dropLast("/Tests/TasksTests/TaskFixture.swift".count))

import Diagnostics
import Foundation
import Tasks
import TestSupport

/// A folder for the files of one test.
struct TaskFixture {
  private let folder: TemporaryFolder

  func path(_ name: String) -> String { folder.file(name) }

  func write(_ name: String, _ text: String) throws { try folder.write(text, to: name) }

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
      return "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
    }
  }

  static func use<Result>(_ body: (TaskFixture) throws -> Result) throws -> Result {
    try body(TaskFixture(folder: TemporaryFolder()))
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

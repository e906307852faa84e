import Diagnostics
import Documents
import Tasks

extension SectionReader {
  /// A file of mergekit-evolve; beside its own keys it may hold the sections of ours that say how to search.
  mutating func evolve(_ root: YAMLMapping) -> EvolveFile? {
    refuseUnknown(root, EvolveFile.keys + ["name", "search", "evaluation", "store"])
    return value { try EvolveFile(root) }
  }

  /// The files of the tasks that it names, among those below `folder`.
  mutating func tasks(
    of file: EvolveFile?, in folder: String?, _ root: YAMLMapping
  ) -> [SearchConfiguration.Task] {
    guard let file else { return [] }
    guard let folder else {
      problems.append(
        root.problem(
          "the tasks are names, and no folder of task files is given",
          fix: "add --tasks DIR, the folder of the files that describe them"))
      return []
    }
    guard let tasks = value({ try TaskFolder(folder, at: "--tasks") }) else { return [] }
    return file.tasks.compactMap { task in
      value { try tasks.file(of: task.name, at: task.location) }.map { path in
        SearchConfiguration.Task(path: path, weight: abs(task.weight), location: task.location)
      }
    }
  }
}

extension EvolveFile {
  /// Reads the task number `index` as the file wants it put.
  ///
  /// The limit is one of the search split and, since finalists are charged too, of validation; test keeps
  /// all of its items.
  func load(
    _ index: Int, path: String, folder: String, seed: UInt64
  ) throws(Diagnostic) -> LoadedTask {
    let task = tasks[index]
    let overrides = TaskOverrides(shots: shots, objective: task.objective)
    var chat = chat
    // What a genome file cannot say.
    if let own = try TaskFile.read(path: path, overrides: overrides).chat {
      chat.system = own.system
      chat.date = own.date
    }
    let loaded = try LoadedTask.load(
      path: path, chat: chat, folder: folder, overrides: overrides)
    try task.checkDirection(of: loaded)
    guard let limit else { return loaded }
    let chosen = shuffles ? seed : nil
    return loaded.limited(to: limit, in: .search, seed: chosen)
      .limited(to: limit, in: .validation, seed: chosen)
  }
}

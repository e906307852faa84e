import Diagnostics
import Documents
import Foundation

/// The task files below a folder, found by the names of their tasks.
struct TaskFolder {
  let path: String
  /// Paths of all YAML files, sorted.
  private let files: [String]

  /// - Throws: ``Diagnostic`` if there is no such folder.
  init(_ path: String, at location: String) throws(Diagnostic) {
    guard (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil,
      let names = FileManager.default.subpaths(atPath: path)
    else {
      throw Diagnostic(
        "there is no folder '\(path)'", at: location, fix: "name the folder of the task files")
    }
    self.path = path
    files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted().map {
      "\(path)/\($0)"
    }
  }

  /// The file of a task.
  ///
  /// - Throws: ``Diagnostic`` if there is none or more than one, or if the name is that of a group.
  func file(of task: String, at location: String) throws(Diagnostic) -> String {
    let found = files.filter { Self.names(in: $0, mentioning: task)?.task == task }
    if let file = found.first, found.count == 1 { return file }
    guard found.isEmpty else {
      throw Diagnostic(
        "\(found.count) files describe the task '\(task)': \(found.joined(separator: ", "))",
        at: location, fix: "keep one of them in the folder, or rename a task")
    }
    if let group = files.first(where: { Self.names(in: $0, mentioning: task)?.group == task }) {
      throw Diagnostic(
        "'\(task)' is a group of tasks (\(group)), which cannot be an objective", at: location,
        fix: "list its tasks instead, each with its weight")
    }
    throw unknownName(
      task, noun: "task in \(path)",
      known: files.compactMap { Self.names(in: $0, mentioning: "")?.task }, at: location)
  }

  /// What a file calls its task and group; nil if it does not mention `name`, or is no YAML mapping.
  private static func names(
    in file: String, mentioning name: String
  ) -> (task: String?, group: String?)? {
    guard let text = try? FileContents.text(of: file), name.isEmpty || text.contains(name),
      let document = try? YAMLDocument.parse(text: text, location: file),
      let root = try? document.root.mapping()
    else { return nil }
    return (root.optional("task")?.scalar?.text, root.optional("group")?.scalar?.text)
  }
}

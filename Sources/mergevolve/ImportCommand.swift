import ArgumentParser
import Diagnostics
import Documents
import Foundation
import Tasks

/// `mergevolve import`: logs of lm-evaluation-harness to task files with the very prompts.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a task of a log of lm-evaluation-harness, with the very prompts.",
    discussion: """
      For tasks whose prompts Python code writes, and for any other: run lm_eval once, on any model, \
      with --log_samples (chat templates and few-shot examples included, as you want them), and \
      import its samples_*.jsonl. Every log becomes NAME.yaml and NAME.jsonl in the output folder. \
      The results_*.json of the run is read too if it lies beside the log: it knows filters and \
      metric arguments.

      A model scored on the imported task gets the scores that lm_eval gives it.

      Example: mergevolve import logs/samples_gsm8k_2026-11-25T03-21-29.jsonl --output tasks
      """)

  @Argument(help: ArgumentHelp("Files that lm_eval --log_samples wrote.", valueName: "log"))
  var logs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder to write into; made if it is missing.", valueName: "folder"))
  var output: String

  func run() async throws {
    var tasks: [LoggedTask] = []
    for log in logs {
      let task = try LoggedTask.read(path: log)
      if tasks.contains(where: { $0.name == task.name }) {
        throw Diagnostic(
          "another log is of the task '\(task.name)' too", at: log, fix: "import them one by one")
      }
      for name in [task.name + ".yaml", task.name + ".jsonl"] {
        let path = "\(output)/\(name)"
        guard !FileContents.exists(path) else {
          throw Diagnostic(
            "the file exists already", at: path, fix: "name another folder, or remove this file")
        }
      }
      tasks.append(task)
    }
    for task in tasks { try write(task) }
  }

  /// Both files appear when they are complete and have been read back as a task.
  private func write(_ task: LoggedTask) throws(Diagnostic) {
    let files = FileManager.default
    let folder = URL(fileURLWithPath: output)
    let partial = folder.appendingPathComponent(
      ".import-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? files.removeItem(at: partial) }
    let names = [task.name + ".jsonl", task.name + ".yaml"]
    do {
      try files.createDirectory(at: partial, withIntermediateDirectories: true)
      let rows = task.rows.flatMap { $0.utf8(.ascii) + [UInt8(ascii: "\n")] }
      try Data(rows).write(to: partial.appendingPathComponent(names[0]))
      try Data(task.yaml.utf8).write(to: partial.appendingPathComponent(names[1]))
    } catch {
      throw unwritable(error)
    }
    _ = try LoadedTask.load(path: partial.appendingPathComponent(names[1]).path)
    do {
      for name in names {
        try files.moveItem(
          at: partial.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
    } catch {
      throw unwritable(error)
    }
    for text in task.notes { note("note: \(task.name): \(text)") }
    print("\(output)/\(names[1]): \(task.rows.count) items")
  }

  private func unwritable(_ error: any Error) -> Diagnostic {
    Diagnostic(
      "cannot write the task: \(error.localizedDescription)", at: output,
      fix: "check the folder, its permissions and the disk")
  }

}

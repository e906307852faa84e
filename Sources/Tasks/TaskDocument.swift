import Diagnostics
import Documents
import Foundation

/// The keys of a task file and of the files that it includes, under either spelling.
struct TaskDocument {
  let path: String
  /// The file itself, then its includes.
  private(set) var files: [String]
  private var entries: [String: YAMLNode]
  private let root: YAMLMapping

  /// - Throws: ``Diagnostic`` for unknown keys, keys that stand for Python code, and circular includes.
  static func read(path: String) throws(Diagnostic) -> TaskDocument {
    let document = try read(path: path, including: [])
    try document.rejectUnusableKeys()
    return document
  }

  private static func read(
    path: String, including outer: [String]
  ) throws(Diagnostic) -> TaskDocument {
    let root = try YAMLDocument.read(path: path).root.mapping("a task file")
    var document = TaskDocument(path: path, files: [path], entries: [:], root: root)
    if let include = root.optional("include") {
      for node in include.elements {
        let included = resolve(try node.string(), besides: path)
        guard !(outer + [path]).contains(included), outer.count < 32 else {
          throw node.problem(
            "'\(included)' includes itself", fix: "remove one of the includes of the circle")
        }
        let other = try read(path: included, including: outer + [path])
        document.files += other.files
        document.entries.merge(other.entries) { _, later in later }
      }
    }
    for entry in root.entries where entry.key != "include" {
      document.entries[entry.key] = entry.value
    }
    return document
  }

  /// The value under our key or lm-eval's; nil if it is absent or null.
  ///
  /// - Throws: ``Diagnostic`` if both are given.
  func value(_ key: String, _ alias: String? = nil) throws(Diagnostic) -> YAMLNode? {
    let own = entries[key].flatMap { $0.isNull ? nil : $0 }
    guard let alias, alias != key, let other = entries[alias], !other.isNull else { return own }
    if let own {
      throw own.problem(
        "'\(key)' and '\(alias)' are two spellings of one key", fix: "keep one of them")
    }
    return other
  }

  func required(_ key: String, _ alias: String? = nil) throws(Diagnostic) -> YAMLNode {
    if let value = try value(key, alias) { return value }
    return try root.required(key)
  }

  /// An error about something that is not there.
  func missing(_ problem: String, fix: String) -> Diagnostic { root.problem(problem, fix: fix) }

  private func rejectUnusableKeys() throws(Diagnostic) {
    for key in entries.keys.sorted() {
      guard let node = entries[key], !node.isNull else { continue }
      if let reason = Self.refused[key] {
        throw node.problem(
          "'\(key)' is not supported: \(reason.problem)", fix: reason.fix)
      }
      guard Self.keys.contains(key) || Self.ignored.contains(key) else {
        throw unknownName(
          key, noun: "key", known: Self.keys, at: "\(node.file): line \(node.line): \(key)")
      }
    }
  }

  private static let keys = [
    "task", "kind", "data", "splits", "prompt", "choices", "answer", "text", "delimiter",
    "description", "fewshot", "until", "max_tokens", "strip", "decode", "metrics", "objective",
    "id", "cluster", "weight", "output_type", "include", "dataset_path", "dataset_kwargs",
    "test_split",
    "validation_split", "training_split", "fewshot_split", "doc_to_text", "doc_to_target",
    "doc_to_choice", "target_delimiter", "fewshot_delimiter", "num_fewshot", "fewshot_config",
    "metric_list", "generation_kwargs", "filter_list", "repeats", "extract", "gen_prefix", "chat",
  ]

  /// Read by lm-eval, without effect on scores.
  private static let ignored: Set<String> = [
    "dataset_name", "tag", "group_alias", "task_alias", "metadata", "should_decontaminate",
    "doc_to_decontamination_query", "unsafe_code", "version",
  ]

  private static let refused: [String: (problem: String, fix: String)] = {
    let code = (
      problem: "it stands for Python code", fix: "write what the code computes into the data"
    )
    let group = (
      problem: "a task file describes one task", fix: "give each task of the group its own file"
    )
    return [
      "process_docs": code, "process_results": code, "custom_dataset": code, "class": code,
      "use_prompt": code, "doc_to_image": code, "doc_to_audio": code,
      "group": group, "aggregate_metric_list": group,
    ]
  }()

  /// A path as seen from the file that says it.
  static func resolve(_ path: String, besides file: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let slash = file.lastIndex(of: "/") else { return path }
    return String(file[...slash]) + path
  }
}

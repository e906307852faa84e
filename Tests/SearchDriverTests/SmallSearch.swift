import Foundation
import PopulationStore
import TestSupport

@testable import SearchDriver

/// A search over the shipped demo family on the first few items of two benchmarks.
struct SmallSearch {
  let folder: TemporaryFolder
  var space =
    "{method: task_arithmetic, profile: {knots: 2}, weight: {range: [0, 1.2], start: 0.6}}"
  var evaluations = 40
  var population = 4
  var threads = 1
  /// Further keys of the section `search`, after a comma.
  var rules = ""
  /// Further keys of the section `evaluation`, after a comma.
  var evaluation = ""
  /// The folder of the base.
  var base = "\(demo)/models/base"
  /// Keys of `models.experts` with the folder below Datasets/demo/models.
  var experts = ["arith": "expert-arith", "letters": "expert-letters"]

  /// The files of the tasks.
  private(set) var tasks = ["arith_gen", "letters_gen"]

  /// The first `items` of each split of two multiple-choice benchmarks.
  static func ofChoices(items: Int) throws -> SmallSearch {
    var search = try SmallSearch(items: 1)
    search.tasks = ["arith_mc", "letters_mc"]
    for task in search.tasks {
      for split in ["search", "validation", "test"] {
        let text = try String(
          contentsOfFile: "\(demo)/benchmarks/\(task).\(split).jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").prefix(items).joined(separator: "\n")
        try search.folder.write(lines + "\n", to: "\(task).\(split).jsonl")
      }
      try search.folder.write(
        """
        task: \(task)
        kind: multiple_choice
        splits: {search: \(task).search.jsonl, validation: \(task).validation.jsonl, test: \(task).test.jsonl}
        prompt: "{{question}}"
        choices: choices
        answer: answer
        metrics: [acc]
        """, to: "\(task).yaml")
    }
    return search
  }

  /// Takes the first `items` of each benchmark and split.
  init(items: Int = 6) throws {
    folder = try TemporaryFolder()
    for task in ["arith_gen", "letters_gen"] {
      for split in ["search", "validation", "test"] {
        let text = try String(
          contentsOfFile: "\(Self.demo)/benchmarks/\(task).\(split).jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").prefix(items).joined(separator: "\n")
        try folder.write(lines + "\n", to: "\(task).\(split).jsonl")
      }
      try folder.write(
        """
        task: \(task)
        kind: generate
        splits: {search: \(task).search.jsonl, validation: \(task).validation.jsonl, test: \(task).test.jsonl}
        prompt: "{{prompt}}"
        answer: target
        until: ["\\n"]
        max_tokens: 24
        strip: true
        metrics: [exact_match]
        """, to: "\(task).yaml")
    }
  }

  static let demo: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return parts.joined(separator: "/") + "/Datasets/demo"
  }()

  var yaml: String {
    let experts = self.experts.sorted { $0.key < $1.key }
      .map { "    \($0.key): \(Self.demo)/models/\($0.value)" }.joined(separator: "\n")
    return """
      name: small
      models:
        base: \(base)
        experts:
      \(experts)
      space: \(space)
      tasks: [{file: \(tasks[0]).yaml}, {file: \(tasks[1]).yaml, weight: 2}]
      search: {evaluations: \(evaluations), seed: 5, population: \(population)\(rules)}
      evaluation: {threads: \(threads)\(evaluation)}
      """
  }

  func configuration(store: String = "store.sqlite") throws -> SearchConfiguration {
    try SearchConfiguration.parse(
      text: yaml, file: "small.yaml", folder: folder.path,
      overrides: SearchOverrides(store: folder.file(store)))
  }

  /// Runs to the end with so many workers, whatever the file says.
  func run(store: String, threads: Int = 1) async throws -> PopulationStore {
    var configuration = try configuration(store: store)
    configuration.threads = threads
    _ = try await Search.start(configuration, clock: ContinuousClock(), observer: { _ in })
    return try PopulationStore.open(folder.file(store), for: .reading)
  }

  /// Every table but `event` of a store.
  func dump(_ store: String = "store.sqlite") throws -> String {
    try PopulationStore.open(folder.file(store), for: .reading).dump()
  }
}

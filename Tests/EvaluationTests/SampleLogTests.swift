import Documents
import Evaluation
import Inference
import Kernels
import Tasks
import TestSupport
import Testing
import Tokenization

/// Logs of `lm_eval --log_samples` (0.4.13, float32) on the demo's base model.
@Suite("Logs of lm-eval") struct SampleLogTests {
  static let folder = Golden.folder + "/logs/"
  static let stamp = "2026-11-25T03-45-24.643540"
  static let names = [
    "arc", "mmlu", "winogrande", "lambada", "gsm8k", "spell", "letters", "mapped",
  ]

  static func log(_ name: String) -> String { "\(folder)samples_\(name)_\(stamp).jsonl" }

  static func evaluate(_ task: LoadedTask) throws -> (PreparedTask, TaskResult) {
    let evaluator = Evaluator(
      tasks: [task], tokenizer: try Demo.tokenizer(), maximumLength: 256,
      engine: try InferenceEngine(pool: WorkerPool(threads: 2)))
    let prepared = try evaluator.prepare(Split.allCases, decode: .unproved)
    let result = try evaluator.evaluate(
      [try Demo.checkpoint("base")], on: prepared, memory: 1 << 30)[0].get()
    return (prepared.tasks[0], result.tasks[0])
  }

  @Test("are written alike", arguments: names)
  func write(name: String) throws {
    let folder = try TemporaryFolder()
    let yaml = try FileContents.text(of: "\(Self.folder)\(name).yaml")
    try folder.write(yaml + "splits: {search: 1}\n", to: "task.yaml")
    try folder.write(
      FileContents.text(of: "\(Self.folder)\(name).jsonl"), to: "\(name).jsonl")
    let (task, result) = try Self.evaluate(try LoadedTask.load(path: folder.file("task.yaml")))
    let records = SampleLog.records(of: task, result)
    let golden = try JSONLines.read(path: Self.log(name)).rows.map(\.value)
    #expect(records.count == golden.count)
    for expected in golden {
      let record = try #require(
        records.first {
          $0["doc_id"] == expected["doc_id"] && $0["filter"] == expected["filter"]
        })
      for member in expected.members ?? [] {
        let found = record[member.key]
        switch member.key {
        case "metrics":
          // lm-eval's order is another where it computes several at once.
          let names = [found, member.value].map { Set(($0?.array ?? []).compactMap(\.string)) }
          #expect(names[0] == names[1])
        case "arguments":
          #expect(Self.compared(found) == Self.compared(member.value), "\(name) \(member.key)")
        default: #expect(Self.agree(found, member.value), "\(name) \(member.key): \(found as Any)")
        }
      }
    }
  }

  @Test("become tasks that ask the same and score the same", arguments: names)
  func read(name: String) throws {
    let logged = try LoggedTask.read(path: Self.log(name))
    #expect(logged.name == name)
    let folder = try TemporaryFolder()
    try folder.write(logged.yaml, to: "task.yaml")
    let rows = logged.rows.map { $0.text(.ascii) + "\n" }.joined()
    try folder.write(rows, to: "\(name).jsonl")
    let task = try LoadedTask.load(path: folder.file("task.yaml"))
    let (prepared, result) = try Self.evaluate(task)
    let records = SampleLog.records(of: prepared, result)
    for expected in try JSONLines.read(path: Self.log(name)).rows.map(\.value) {
      let id = try #require(expected["doc_id"]?.integer)
      let record = try #require(
        records.first { $0["id"]?.string == String(id) && $0["filter"] == expected["filter"] })
      #expect(Self.compared(record["arguments"]) == Self.compared(expected["arguments"]))
      for key in ["resps", "filtered_resps"] + (record["metrics"]?.array ?? []).compactMap(\.string)
      {
        #expect(Self.agree(record[key], expected[key]), "\(name) \(id) \(key)")
      }
    }
    let results = try JSONValue.read(path: "\(Self.folder)results_\(Self.stamp).json")
    for filter in task.filters {
      for metric in filter.metrics {
        let expected = try #require(
          results["results"]?[name]?["\(metric.name),\(filter.name)"]?.double)
        let score = try #require(result.scores[metric.key]?.value)
        #expect(abs(score - expected) <= 1e-3 * max(1, expected), "\(name) \(metric.key)")
      }
    }
  }

  /// Of generation arguments only what has an effect.
  private static func compared(_ arguments: JSONValue?) -> [[JSONValue]] {
    (arguments?.members ?? []).map { request in
      (request.value.members ?? []).flatMap { argument in
        guard let until = argument.value["until"] else { return [argument.value] }
        let stops = until.array ?? [until]
        return [.array(stops), argument.value["max_gen_toks"] ?? .null]
      }
    }
  }

  /// Equal but for log-likelihoods, which may differ by 1e-3 nats.
  private static func agree(_ found: JSONValue?, _ expected: JSONValue?) -> Bool {
    switch (found, expected) {
    case (.array(let found)?, .array(let expected)?):
      found.count == expected.count && zip(found, expected).allSatisfy { agree($0, $1) }
    case (.number?, .number?), (.string?, .string?):
      if let left = number(found), let right = number(expected) {
        abs(left - right) <= 1e-3
      } else {
        found == expected
      }
    default: found == expected
    }
  }

  private static func number(_ value: JSONValue?) -> Double? {
    value?.double ?? value?.string.flatMap(Double.init)
  }
}

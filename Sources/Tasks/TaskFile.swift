public import Diagnostics
import Documents

/// When a task decodes text, and when the teacher-forced pass is enough.
public enum DecodeMode: String, CaseIterable, Sendable, Codable, Hashable {
  /// Every item is decoded.
  case always
  /// Only items that the teacher-forced pass does not decide are decoded; scores equal those of `always`.
  case unproved
  /// Nothing is decoded: an item that is not proved scores 0.
  case never

  /// What holds on a split where neither the task file nor the caller says otherwise.
  public static func standard(for split: Split) -> DecodeMode {
    split == .search ? .never : .unproved
  }
}

/// A task as its YAML file describes it, before any data is read.
public struct TaskFile: Sendable {
  /// Path of the YAML file.
  public let path: String
  public let name: String
  /// What the task file demands for every split; nil leaves it to the caller.
  public let decode: DecodeMode?
  /// The YAML file and all files that it includes.
  public let documents: [String]
  /// Whether prompts are conversations; nil leaves it to the caller.
  public let chat: ChatSettings?

  let kind: any TaskKind.Type
  let data: TaskData
  let prompt: TaskField
  let choices: TaskField?
  let answer: TaskField
  let text: TaskField
  let description: TaskField?
  /// What stands between prompt and answer.
  let delimiter: String
  /// What stands between examples.
  let separator: String
  /// What the answer begins with, as part of the prompt.
  let answerPrefix: TaskField?
  let fewShot: FewShotSettings?
  let stops: [String]
  /// Largest number of generated tokens.
  let tokenLimit: Int
  /// Never empty.
  let filters: [AnswerFilter]
  /// How many responses lm-eval asks for; greedy ones are all alike, so one is asked for.
  let repeats: Int
  /// Whether white space at the ends of references does not count.
  let stripsReferences: Bool
  /// One per metric and filter; never empty.
  var metrics: [MetricSetting]
  /// The key of the metric that a search improves.
  let objective: MetricName
  /// The key of the metric that the optimizer of a search is told.
  var toldMetric: MetricName
  let idColumn: String?
  let clusterColumn: String?
  let weightColumn: String?

  /// File and key for messages.
  func location(_ key: String) -> String { "\(path): \(key)" }

  /// Whether the model writes texts.
  public var isGenerated: Bool { kind == Generation.self }

  /// The same task for a search whose optimizer is told `metric` (`acc`, or `exact_match,strict-match` where
  /// there are several filters), whatever the task itself is judged by.
  ///
  /// - Throws: ``Diagnostic`` at `location` that lists the metrics of the kind.
  public func telling(_ metric: String, at location: String) throws(Diagnostic) -> TaskFile {
    var file = self
    let known = metrics.first { $0.key.rawValue == metric || $0.name.rawValue == metric }
    if let known {
      file.toldMetric = known.key
      return file
    }
    var setting = MetricSetting(name: try kind.declaration.checkedName(metric, at: location))
    if filters.count > 1 {
      setting.key = MetricName(rawValue: "\(setting.name),\(filters[0].name)")
    }
    file.metrics.append(setting)
    file.toldMetric = setting.key
    return file
  }
}

/// Where a task's rows are, as paths that are ready to be opened.
enum TaskData: Sendable {
  case pooled([String], SplitFractions)
  /// At least one split.
  case separate([Split: [String]])
}

/// A metric with its arguments and the filter whose answers it compares.
struct MetricSetting: Sendable {
  let name: MetricName
  var exactMatch = ExactMatchOptions()
  /// Position among the task's filters.
  var filter = 0
  /// What the figure is called: the metric's name, with that of its filter where there are several.
  var key: MetricName

  init(name: MetricName) {
    self.name = name
    key = name
  }
}

/// Worked examples in front of every question.
struct FewShotSettings: Sendable {
  enum Pool: Sendable {
    /// The rows of the split `search`.
    case searchSplit
    /// All rows, as in lm-eval, which knows no splits of ours.
    case evaluatedRows
    case files([String])
    case samples([JSONValue])
  }

  enum Order: Sendable {
    /// The first rows of the pool.
    case first
    /// Drawn anew for every item, by lm-eval's generator.
    case random(seed: Int)
  }

  let count: Int
  let order: Order
  let pool: Pool
  /// Whether rows equal to the question are no examples for it.
  let excludesOwnRow: Bool
  /// The rows of the pool that count; nil: all.
  let indices: [Int]?
  /// What stands between two examples.
  let separator: String
  let delimiter: String
  let prompt: TaskField
  let choices: TaskField?
  let answer: TaskField
  let answerPrefix: TaskField?
  /// File and key for messages.
  let location: String
}

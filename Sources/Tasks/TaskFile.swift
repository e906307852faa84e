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

  let kind: any TaskKind.Type
  let data: TaskData
  let prompt: TaskField
  let choices: TaskField?
  let answer: TaskField
  let text: TaskField
  let description: TaskField?
  /// What stands between prompt and answer.
  let delimiter: String
  let fewShot: FewShotSettings?
  let stops: [String]
  /// Largest number of generated tokens.
  let tokenLimit: Int
  let strip: Strip
  let metrics: [MetricSetting]
  let objective: MetricName
  let idColumn: String?
  let clusterColumn: String?
  let weightColumn: String?

  /// File and key for messages.
  func location(_ key: String) -> String { "\(path): \(key)" }
}

/// Where a task's rows are, as paths that are ready to be opened.
enum TaskData: Sendable {
  case pooled([String], SplitFractions)
  /// At least one split.
  case separate([Split: [String]])
}

/// Which white space is removed before texts are compared.
enum Strip: Sendable, Hashable {
  case nothing
  /// That of the prediction, as lm-eval's filter `remove_whitespace` does.
  case prediction
  case both
}

/// A metric with its arguments.
struct MetricSetting: Sendable, Hashable {
  let name: MetricName
  var exactMatch = ExactMatchOptions()
}

/// Worked examples in front of every question.
struct FewShotSettings: Sendable {
  enum Pool: Sendable {
    /// The rows of the split `search`.
    case searchSplit
    case files([String])
    case samples([JSONValue])
  }

  let count: Int
  let pool: Pool
  /// What stands between two examples.
  let separator: String
  let delimiter: String
  let prompt: TaskField
  let choices: TaskField?
  let answer: TaskField
  /// File and key for messages.
  let location: String
}

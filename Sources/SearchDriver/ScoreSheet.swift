import PopulationStore
import Tasks

/// How a score is computed; scores of different manners are never compared.
struct ScoringManner: Hashable, Sendable {
  var split: BenchmarkSplit
  var precision: String
  var decode: DecodeMode

  func key(_ candidate: Candidate.ID, maskSeed: UInt64) -> EvaluationKey {
    EvaluationKey(
      candidate: candidate, split: split, precision: precision, decode: decode.rawValue,
      maskSeed: maskSeed)
  }
}

/// One candidate's results on all tasks of a split, before they belong to a candidate of the store.
struct ScoreSheet: Sendable {
  struct TaskSheet: Sendable {
    var score: Evaluation.TaskScore
    /// All items of the task, in item order.
    var items: ItemTable
    /// Generated texts by item position.
    var texts: [(position: Int, text: String)]
  }

  /// Σ weight · utility / Σ weight over the tasks; higher is better.
  var score: Double
  var standardError: Double?
  var requestedTokens: Int
  var tasks: [TaskSheet]

  func evaluation(_ key: EvaluationKey, cost: Double) -> Evaluation {
    Evaluation(
      key: key, score: score, standardError: standardError, requestedTokens: requestedTokens,
      cost: cost, isComplete: true, tasks: tasks.map(\.score))
  }

  /// The items as one block per task: blocks are cut finer only for racing.
  func blocks(_ key: EvaluationKey) -> [ItemBlock] {
    tasks.map { ItemBlock(key: key, task: $0.score.task, block: 0, items: $0.items) }
  }

  func sampleTexts(_ key: EvaluationKey) -> [SampleText] {
    tasks.flatMap { task in
      task.texts.map {
        SampleText(key: key, task: task.score.task, position: $0.position, text: $0.text)
      }
    }
  }
}

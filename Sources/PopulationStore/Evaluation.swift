/// What was scored, and how: scores with different keys are never compared.
public struct EvaluationKey: Sendable, Hashable {
  public var candidate: Candidate.ID
  public var split: BenchmarkSplit
  /// `f32` or `bf16`.
  public var precision: String
  /// `always`, `unproved` or `never`.
  public var decode: String
  /// Of dare's and della's masks; 0 where nothing is random.
  public var maskSeed: UInt64

  public init(
    candidate: Candidate.ID, split: BenchmarkSplit, precision: String, decode: String,
    maskSeed: UInt64
  ) {
    self.candidate = candidate
    self.split = split
    self.precision = precision
    self.decode = decode
    self.maskSeed = maskSeed
  }
}

/// The score of one candidate over the blocks of items that it has seen.
public struct Evaluation: Sendable, Hashable {
  public struct TaskScore: Sendable, Hashable {
    public var task: String
    public var metric: String
    public var value: Double
    public var standardError: Double?
    /// Items.
    public var count: Int
    /// Items that the forced pass did not prove and that were decoded.
    public var decoded: Int
    /// Decoded items whose score differs from the forced one.
    public var changed: Int

    public init(
      task: String, metric: String, value: Double, standardError: Double?, count: Int,
      decoded: Int = 0, changed: Int = 0
    ) {
      self.task = task
      self.metric = metric
      self.value = value + 0
      self.standardError = standardError
      self.count = count
      self.decoded = decoded
      self.changed = changed
    }
  }

  public var key: EvaluationKey
  /// Weighted mean of the tasks' metrics, finite; higher is better.
  public var score: Double
  public var standardError: Double?
  /// Tokens of the scored requests before prefix sharing.
  public var requestedTokens: Int
  /// Share of a full pass over the split; what a budget is charged for a search candidate.
  public var cost: Double
  /// Whether all items of the split are scored; false for candidates that were raced out, or that saw a
  /// subset.
  public var isComplete: Bool
  public var tasks: [TaskScore]

  /// The sign of a negative zero is lost, here and not only in the file.
  public init(
    key: EvaluationKey, score: Double, standardError: Double?, requestedTokens: Int, cost: Double,
    isComplete: Bool, tasks: [TaskScore]
  ) {
    precondition(score.isFinite, "a score of \(score) is a failed candidate")
    self.key = key
    self.score = score + 0
    self.standardError = standardError
    self.requestedTokens = requestedTokens
    self.cost = cost
    self.isComplete = isComplete
    self.tasks = tasks
  }
}

/// Results of the items of one task and block.
public struct ItemBlock: Sendable, Hashable {
  public var key: EvaluationKey
  public var task: String
  public var block: Int
  public var items: ItemTable

  public init(key: EvaluationKey, task: String, block: Int, items: ItemTable) {
    self.key = key
    self.task = task
    self.block = block
    self.items = items
  }
}

/// What a baseline or finalist answered to one item.
public struct SampleText: Sendable, Hashable {
  public var key: EvaluationKey
  public var task: String
  /// Of the item in its task and split, from 0.
  public var position: Int
  public var text: String

  public init(key: EvaluationKey, task: String, position: Int, text: String) {
    self.key = key
    self.task = task
    self.position = position
    self.text = text
  }
}

/// Results that are committed together: a cut of a generation that fits into memory.
public struct Wave: Sendable {
  /// In candidate order; finished evaluations only.
  public var evaluations: [Evaluation]
  /// Evaluations that replace those of a subset; what was charged for them stays charged.
  public var completions: [Evaluation]
  public var blocks: [ItemBlock]
  public var texts: [SampleText]
  /// New states of candidates.
  public var statuses: [Candidate.ID: Candidate.Status]
  /// Estimates that the optimizer will be told instead of scores.
  public var told: [Candidate.ID: Double]

  public init(
    evaluations: [Evaluation] = [], completions: [Evaluation] = [], blocks: [ItemBlock] = [],
    texts: [SampleText] = [], statuses: [Candidate.ID: Candidate.Status] = [:],
    told: [Candidate.ID: Double] = [:]
  ) {
    self.evaluations = evaluations
    self.completions = completions
    self.told = told
    self.blocks = blocks
    self.texts = texts
    self.statuses = statuses
  }
}

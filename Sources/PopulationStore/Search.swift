/// Which part of a benchmark's items a score is about.
public enum BenchmarkSplit: String, Sendable, Codable, CaseIterable {
  case search, validation, test
}

/// A parent as it was when the search was created.
public struct StoredModel: Sendable, Hashable {
  public var name: String
  public var isBase: Bool
  /// Absolute.
  public var path: String
  /// Of the content: equal fingerprints, equal weights and tokenizer.
  public var fingerprint: String

  public init(name: String, isBase: Bool, path: String, fingerprint: String) {
    self.name = name
    self.isBase = isBase
    self.path = path
    self.fingerprint = fingerprint
  }
}

/// A task of the objective: the score of a search is Σ weight·value / Σ weight over its tasks.
public struct StoredTask: Sendable, Hashable {
  public var name: String
  public var weight: Double
  /// The metric that counts, such as `exact_match`.
  public var metric: String
  /// The task file, absolute, and the fingerprint of its content.
  public var path: String
  public var fingerprint: String

  public init(name: String, weight: Double, metric: String, path: String, fingerprint: String) {
    self.name = name
    self.weight = weight
    self.metric = metric
    self.path = path
    self.fingerprint = fingerprint
  }
}

/// The items of one task and split, in the order in which they are asked.
public struct StoredBenchmark: Sendable, Hashable {
  public struct Item: Sendable, Hashable {
    /// The benchmark's own name for the item.
    public var id: String
    /// From 0: races look at whole blocks, and subsets are made of them.
    ///
    /// 0 for all before the first generation is opened, and wherever a search cuts no blocks.
    public var block: Int
    /// How many items of the split it stands for where candidates are scored on a subset; else 1.
    public var weight: Double

    public init(id: String, block: Int, weight: Double = 1) {
      self.id = id
      self.block = block
      self.weight = weight
    }
  }

  public var task: String
  public var split: BenchmarkSplit
  /// The file of the rows, absolute, and the fingerprint of its content.
  public var path: String
  public var fingerprint: String
  /// Tokens of all requests before prefix sharing, the unit of cost.
  public var requestedTokens: Int
  public var items: [Item]

  public init(
    task: String, split: BenchmarkSplit, path: String, fingerprint: String, requestedTokens: Int,
    items: [Item]
  ) {
    self.task = task
    self.split = split
    self.path = path
    self.fingerprint = fingerprint
    self.requestedTokens = requestedTokens
    self.items = items
  }
}

/// What follows from space and budget: fixed once, never resolved again.
public struct Plan: Sendable, Hashable {
  /// Canonical JSON of the search space, which gives a genome's values their meaning.
  public var space: String
  public var algorithm: String
  /// `full`, `diagonal`; nil for optimizers without one.
  public var covariance: String?
  /// Candidates of a generation.
  public var population: Int
  public var racing: Bool
  /// Canonical JSON of whatever else the driver fixes.
  public var settings: String

  public init(
    space: String, algorithm: String, covariance: String?, population: Int, racing: Bool,
    settings: String
  ) {
    self.space = space
    self.algorithm = algorithm
    self.covariance = covariance
    self.population = population
    self.racing = racing
    self.settings = settings
  }
}

/// How much a search may cost, in full passes over the search split and in seconds of running.
public struct Budget: Sendable, Hashable {
  /// Nil until a search with a time limit alone has timed its baselines.
  public var evaluations: Int?
  public var timeLimit: Double?
  /// The share of `evaluations` that is kept for finalists.
  public var reserve: Double

  public init(evaluations: Int?, timeLimit: Double? = nil, reserve: Double = 0) {
    self.evaluations = evaluations
    self.timeLimit = timeLimit
    self.reserve = reserve
  }
}

/// Everything that is written when the checks of a search have passed.
public struct NewSearch: Sendable {
  public var name: String
  /// Canonical JSON of the search file with every default resolved; tells one search from another.
  public var configuration: String
  public var seed: UInt64
  public var bootstrapSeed: UInt64
  /// Of scores on the search split: `f32` or `bf16`, and `always`, `unproved` or `never`.
  public var precision: String
  public var decode: String
  public var models: [StoredModel]
  public var tasks: [StoredTask]
  public var benchmarks: [StoredBenchmark]
  public var budget: Budget
  /// Nil if it follows from a time limit and the baselines; then ``PopulationStore/fix(_:budget:opening:event:)``.
  public var plan: Plan?
  /// Parents first, then the simple merges.
  public var baselines: [NewCandidate]

  public init(
    name: String, configuration: String, seed: UInt64, bootstrapSeed: UInt64, precision: String,
    decode: String, models: [StoredModel], tasks: [StoredTask], benchmarks: [StoredBenchmark],
    budget: Budget, plan: Plan?, baselines: [NewCandidate]
  ) {
    self.name = name
    self.configuration = configuration
    self.seed = seed
    self.bootstrapSeed = bootstrapSeed
    self.precision = precision
    self.decode = decode
    self.models = models
    self.tasks = tasks
    self.benchmarks = benchmarks
    self.budget = budget
    self.plan = plan
    self.baselines = baselines
  }
}

/// The one search of a store, without its candidates.
public struct StoredSearch: Sendable, Hashable {
  public enum Phase: String, Sendable, Codable, CaseIterable {
    /// Base, experts and simple merges are being scored.
    case baselines
    case searching
    /// Finalists are chosen and being validated and tested.
    case finalists
    case finished
    /// Stopped by the search itself; `reason` says why.
    case stalled
  }

  public var name: String
  public var configuration: String
  public var seed: UInt64
  public var bootstrapSeed: UInt64
  public var precision: String
  public var decode: String
  public var phase: Phase
  public var reason: String?
  public var models: [StoredModel]
  public var tasks: [StoredTask]
  public var plan: Plan?
  /// The first one, then one for every extension; the last one counts.
  public var budgets: [Budget]

  /// - Precondition: A search is created with a budget.
  public var budget: Budget { budgets[budgets.count - 1] }

  /// The evaluation of a candidate that the optimizer sees.
  public func searchKey(_ candidate: Candidate.ID, maskSeed: UInt64) -> EvaluationKey {
    EvaluationKey(
      candidate: candidate, split: .search, precision: precision, decode: decode,
      maskSeed: maskSeed)
  }
}

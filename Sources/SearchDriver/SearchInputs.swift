import Architectures
import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Foundation
import Inference
import Kernels
import MergeEngine
import Optimizers
import PopulationStore
import Recipes
import SearchSpaces
import Tasks
import Tensors
import Tokenization

/// Everything that a search works with, opened and checked: models, tokenizer, benchmarks, space.
struct SearchInputs: Sendable {
  struct Expert: Sendable {
    var name: String
    var model: OpenModel
  }

  let configuration: SearchConfiguration
  let pool: WorkerPool
  /// Bytes of anonymous memory.
  let memory: Int
  let library: CheckpointLibrary
  /// What all candidates share: statistics of the models' tensors.
  let statistics: StatisticsCache
  let stochasticRecipes = StochasticRecipes()
  let base: OpenModel
  let experts: [Expert]
  let tasks: [LoadedTask]
  let weights: [Double]
  /// In the precision of the search.
  let engine: InferenceEngine
  /// In the reference precision, for validation and test.
  let judge: Evaluator
  let evaluator: Evaluator
  /// Requests by split and way of decoding, made once.
  let prepared: PreparedSplits
  let simpleMerges: [SimpleMerge]
  let spaceSettings: MergeSpaceSettings
  let outline: ModelOutline
  /// What the space and the optimizer are made from.
  private(set) var settings: PlanSettings
  private(set) var mergeSpace: MergeSpace
  /// Anonymous memory of everything that stays, in bytes, measured when all was open.
  let heldMemory: Int

  var backendName: String { GemmBackend.standard.rawValue }

  /// The heights of blocks that the self-test has kept, such as `bf16 64 128 256, f32 64`.
  func blockHeights() throws -> String {
    let engines = judge.engine === engine ? [engine] : [engine, judge.engine]
    return try engines.map { engine in
      let heights = try engine.blockHeights(for: base.checkpoint).map(String.init)
      return "\(engine.precision.rawValue) \(heights.joined(separator: " "))"
    }.joined(separator: ", ")
  }

  /// Opens what a search file names; `plan` is what was fixed at creation, nil for a new search.
  ///
  /// - Throws: `DiagnosticList` with everything that is wrong.
  static func open(_ configuration: SearchConfiguration, plan: Plan? = nil) throws -> SearchInputs {
    var opening = SearchOpening(configuration)
    return try opening.inputs(plan: plan)
  }

  /// The same inputs under another plan.
  func replacing(settings: PlanSettings) throws -> SearchInputs {
    var inputs = self
    inputs.settings = settings
    inputs.mergeSpace = try MergeSpace(
      spaceSettings, models: mergeSpace.models, outline: outline, budget: settings.spaceBudget)
    if let source = configuration.warmStart {
      inputs.settings.warmStart = try source.warmStart(for: inputs.mergeSpace.space)
    }
    return inputs
  }
}

extension SearchInputs {
  /// The family as recipes name it; merges are stored in the dtype of the base.
  static func mergeModels(
    _ base: OpenModel, _ experts: [SearchInputs.Expert]
  ) throws -> MergeModels {
    let stored = base.usedTensors.first.flatMap { base.checkpoint.description(of: $0)?.dtype }
    return try MergeModels(
      base: ModelReference(path: absolutePath(of: base)),
      experts: experts.map {
        MergeModels.Expert(
          name: $0.name, model: ModelReference(path: absolutePath(of: $0.model)))
      }, outDType: stored ?? .f32)
  }

  static func absolutePath(of model: OpenModel) -> String {
    SearchConfiguration.absolute(model.checkpoint.path, in: Search.currentFolder)
  }
}

/// Opens the inputs of a search and collects what is wrong instead of stopping at the first problem.
private struct SearchOpening {
  let configuration: SearchConfiguration
  var problems: [Diagnostic] = []

  init(_ configuration: SearchConfiguration) { self.configuration = configuration }

  private mutating func value<Value>(_ read: () throws -> Value) throws -> Value? {
    do {
      return try read()
    } catch let problem as Diagnostic {
      problems.append(problem)
    } catch let list as DiagnosticList {
      problems += list.all
    }
    return nil
  }

  mutating func inputs(plan: Plan?) throws -> SearchInputs {
    checkSettings()
    let pool = WorkerPool(threads: configuration.threads ?? WorkerPool.processorCount)
    let memory = configuration.memory ?? Int(ProcessInfo.processInfo.physicalMemory / 2)
    let library = CheckpointLibrary(folders: [configuration.folder])
    let statistics = StatisticsCache(limit: memory / 4)
    guard let family = configuration.models else {
      preconditionFailure("a search over tasks has models")
    }
    let base = try model(family.base, library)
    var experts: [SearchInputs.Expert] = []
    for expert in family.experts {
      if let model = try model(expert, library) {
        experts.append(SearchInputs.Expert(name: expert.name, model: model))
      }
    }
    let tasks = try loadTasks(folder: base?.checkpoint.path ?? family.base.reference)
    var tokenizer: Tokenizer?
    if let base { tokenizer = try value { try Tokenizer.load(folder: base.checkpoint.path) } }
    guard problems.isEmpty, let base, let tokenizer else { throw DiagnosticList(problems) }

    let configuration = configuration
    let models = try value { try SearchInputs.mergeModels(base, experts) }
    guard let models else { throw DiagnosticList(problems) }
    let evaluation = try value {
      let precision = Self.precision(configuration)
      let engine = try InferenceEngine(pool: pool, precision: precision)
      let evaluator = Evaluator(
        tasks: tasks, tokenizer: tokenizer,
        maximumLength: try ContextLength.tokens(
          config: base.checkpoint.config, tokenizerFolder: base.checkpoint.path), engine: engine)
      let judge = evaluator.using(
        precision == .f32
          ? engine : try InferenceEngine(pool: pool, precision: .f32, times: engine.times))
      let prepared = try PreparedSplits(evaluator)
      for model in [base] + experts.map(\.model) {
        try prepared.checkVocabulary(
          of: model.checkpoint.config, tokenizerFolder: base.checkpoint.path)
      }
      return (engine, evaluator, judge, prepared)
    }
    let simple = try value { try models.simpleMerges(maskSeed: configuration.seed) }
    for merge in simple ?? [] {
      _ = try value {
        try MergePlan.build(merge.document, library: library, statistics: statistics)
      }
      if !problems.isEmpty { break }
    }
    for model in [base] + experts.map(\.model) where problems.isEmpty {
      _ = try value { try model.checkFinite(on: pool) }
    }
    guard problems.isEmpty, let (engine, evaluator, judge, prepared) = evaluation, let simple else {
      throw DiagnosticList(problems)
    }
    let outline = ModelOutline(base.configuration)
    let inputs = try value {
      let spaceSettings = try MergeSpaceSettings(configuration.space, models: models)
      var settings = try Self.planSettings(
        configuration, spaceSettings, plan: plan, prepared)
      let mergeSpace = try MergeSpace(
        spaceSettings, models: models, outline: outline, budget: settings.spaceBudget)
      if plan == nil {
        settings.blocks = try BlockSettings.chosen(
          configuration, for: prepared.search, family: [base] + experts.map(\.model),
          hasFront: settings.objectives != nil, precision: engine.precision)
      }
      if plan == nil, let source = configuration.warmStart {
        settings.warmStart = try source.warmStart(for: mergeSpace.space)
      }
      ProcessMemory.returnFreeMemory()
      return SearchInputs(
        configuration: configuration, pool: pool, memory: memory, library: library,
        statistics: statistics,
        base: base,
        experts: experts, tasks: tasks, weights: configuration.tasks.map(\.weight),
        engine: engine, judge: judge, evaluator: evaluator, prepared: prepared,
        simpleMerges: simple,
        spaceSettings: spaceSettings, outline: outline,
        settings: settings, mergeSpace: mergeSpace,
        heldMemory: ProcessMemory.anonymousBytes ?? 0)
    }
    if let inputs { problems += try value { try inputs.memoryProblems() } ?? [] }
    guard problems.isEmpty, let inputs else { throw DiagnosticList(problems) }
    return inputs
  }

  /// `auto` is what the processor multiplies fastest; a stored search never says `auto`.
  private static func precision(_ configuration: SearchConfiguration) -> Precision {
    switch configuration.precision {
    case .auto: Precision.fastest()
    case .f32: .f32
    case .bf16: .bf16
    }
  }

  private mutating func checkSettings() {
    do {
      try Self.precision(configuration).check(at: "\(configuration.file): evaluation.precision")
    } catch {
      problems.append(error)
    }
    if configuration.control != nil {
      problems.append(
        Diagnostic(
          "a control is not available in this version",
          at: "\(configuration.file): search.control",
          fix: "remove the key; 'algorithm: random' searches at random in a store of its own"))
    }
    if Algorithms.all[configuration.algorithm] == nil {
      problems.append(
        unknownName(
          configuration.algorithm, noun: Algorithms.all.noun, known: Algorithms.all.names,
          at: "\(configuration.file): search.algorithm"))
    }
  }

  private mutating func model(
    _ model: SearchConfiguration.Model, _ library: CheckpointLibrary
  ) throws -> OpenModel? {
    try value { try library.model(ModelReference(path: model.reference)) }
  }

  /// `folder` holds the tokenizer, and the chat template for tasks that are conversations.
  private mutating func loadTasks(folder: String) throws -> [LoadedTask] {
    var tasks: [LoadedTask] = []
    for task in configuration.tasks {
      guard
        let loaded = try value({ () -> LoadedTask in
          var file = try TaskFile.read(path: task.path)
          if let metric = task.metric {
            file = try file.telling(metric.name, at: metric.location)
          }
          return try LoadedTask.load(file, chat: nil, folder: folder)
        })
      else { continue }
      if tasks.contains(where: { $0.name == loaded.name }) {
        problems.append(
          Diagnostic(
            "two tasks are called '\(loaded.name)'", at: task.location,
            fix: "give every task a name of its own, and list it once"))
      }
      for split in Split.allCases { _ = try value { try loaded.items(in: split) } }
      tasks.append(loaded)
    }
    if configuration.aggregate == .worst { refuseUnlikeScales(tasks) }
    return tasks
  }

  /// The worst of several tasks is one of them only where their metrics share a scale.
  private mutating func refuseUnlikeScales(_ tasks: [LoadedTask]) {
    for metrics in [
      tasks.map { $0.toldMetric(decoding: .never) },
      tasks.map { $0.objective(decoding: .unproved) },
    ] where Set(metrics.map(\.scale)).count > 1 {
      let named = zip(tasks, metrics).map { "\($0.name) \($1.name)" }.joined(separator: ", ")
      problems.append(
        Diagnostic(
          "the worst of unlike metrics has no meaning: \(named)",
          at: "\(configuration.file): search.aggregate",
          fix: "choose metrics of one scale, such as acc and exact_match, or use 'aggregate: mean'")
      )
    }
  }

  private static func planSettings(
    _ configuration: SearchConfiguration, _ space: MergeSpaceSettings, plan: Plan?,
    _ prepared: PreparedSplits
  ) throws -> PlanSettings {
    if let plan { return try decodeJSON(PlanSettings.self, plan.settings, at: "plan.settings") }
    let hasFront = configuration.algorithm == NSGA2.name && configuration.tasks.count > 1
    let cost = FinalistCost(
      isStochastic: space.methods.contains(where: \.isStochastic),
      choosesAmongCategories: space.methods.count > 1 || space.pairs.count > 1,
      hasDistribution: Algorithms.all[configuration.algorithm]?.hasDistribution ?? false,
      front: hasFront ? FinalistCost.frontMembers : nil,
      validationPasses: Double(prepared.validation.requestedTokens)
        / Double(max(1, prepared.search.requestedTokens)))
    // Without a number of evaluations the baselines will give one; until then a night's worth.
    let evaluations = configuration.evaluations ?? max(1000, cost.smallestBudget)
    if configuration.evaluations != nil, evaluations < cost.smallestBudget {
      throw Diagnostic(
        "\(evaluations) evaluations leave no room for the search: scoring the finalists takes "
          + "\(fixed(cost.passes, 1)) of them",
        at: "\(configuration.file): search.evaluations",
        fix: "use at least \(cost.smallestBudget) evaluations")
    }
    return PlanSettings(
      spaceBudget: Int(Double(evaluations) - cost.reserve(of: evaluations)), finalistCost: cost,
      objectives: hasFront ? configuration.tasks.count : nil,
      populationSize: configuration.population, restarts: configuration.restarts)
  }
}

extension ModelOutline {
  init(_ configuration: ModelConfiguration) {
    self.init(
      layerCount: configuration.layerCount,
      weights: configuration.weights.map {
        Weight(name: $0.name, role: Role($0.role), layer: $0.layer)
      })
  }
}

extension ModelOutline.Role {
  init(_ role: WeightRole) {
    self =
      switch role {
      case .embedding: .embedding
      case .attention: .attention
      case .mlp: .mlp
      case .norms: .norms
      case .finalNorm: .finalNorm
      case .head: .head
      }
  }
}

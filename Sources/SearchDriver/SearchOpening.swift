import Checkpoints
import Diagnostics
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
import Tokenization

/// Opens the inputs of a search and collects what is wrong instead of stopping at the first problem.
struct SearchOpening {
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
    let stored = try plan.map {
      try decodeJSON(PlanSettings.self, $0.settings, at: "plan.settings")
    }
    let pool = WorkerPool(threads: configuration.threads ?? WorkerPool.processorCount)
    let memory = configuration.memory ?? Int(ProcessInfo.processInfo.physicalMemory / 2)
    // mergekit looks from the working directory.
    let library = CheckpointLibrary(
      folders: (configuration.evolve == nil ? [] : [""]) + [configuration.folder])
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
    let tasks = try loadTasks(
      folder: base?.checkpoint.path ?? family.base.reference,
      tellsSoftForms: stored.map { $0.tellsSoftForms ?? false } ?? true)
    var tokenizer: Tokenizer?
    if let base { tokenizer = try value { try Tokenizer.load(folder: base.checkpoint.path) } }
    guard problems.isEmpty, let base, let tokenizer else { throw DiagnosticList(problems) }

    let configuration = configuration
    let models = try value {
      try SearchInputs.mergeModels(base, experts, hasBase: family.hasBase)
    }
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
    let parents = (family.hasBase ? [base] : []) + experts.map(\.model)
    for model in parents where problems.isEmpty {
      _ = try value { try model.checkFinite(on: pool) }
    }
    guard problems.isEmpty, let (engine, evaluator, judge, prepared) = evaluation, let simple else {
      throw DiagnosticList(problems)
    }
    let outline = ModelOutline(base.configuration)
    let inputs = try value {
      let spaceSettings = try SpaceSettings(configuration, models: models)
      var settings = try Self.planSettings(
        configuration, spaceSettings, stored: stored, prepared, parents, engine)
      let mergeSpace = try spaceSettings.space(
        models: models, outline: outline, budget: settings.spaceBudget)
      if plan == nil, let source = configuration.warmStart {
        settings.warmStart = try source.warmStart(for: mergeSpace.space)
      }
      ProcessMemory.returnFreeMemory()
      return SearchInputs(
        configuration: configuration, pool: pool, memory: memory, library: library,
        statistics: statistics,
        base: base, hasBase: family.hasBase,
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
    try value {
      try library.model(ModelReference(path: model.reference, revision: model.revision))
    }
  }

  /// `folder` holds the tokenizer, and the chat template for tasks that are conversations.
  private mutating func loadTasks(folder: String, tellsSoftForms: Bool) throws -> [LoadedTask] {
    var tasks: [LoadedTask] = []
    let configuration = configuration
    for (index, task) in configuration.tasks.enumerated() {
      guard
        let loaded = try value({
          try Self.load(
            task, number: index, of: configuration, folder: folder, tellsSoftForms: tellsSoftForms)
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

  private static func load(
    _ task: SearchConfiguration.Task, number index: Int, of configuration: SearchConfiguration,
    folder: String, tellsSoftForms: Bool
  ) throws(Diagnostic) -> LoadedTask {
    if let evolve = configuration.evolve {
      return try evolve.load(index, path: task.path, folder: folder, seed: configuration.seed)
    }
    var file = try TaskFile.read(path: task.path)
    if let metric = task.metric { file = try file.telling(metric.name, at: metric.location) }
    let loaded = try LoadedTask.load(file, chat: nil, folder: folder)
    // A target is meant for the task's own metric.
    guard task.metric == nil, tellsSoftForms, configuration.target == nil,
      let soft = loaded.softObjective
    else { return loaded }
    return try LoadedTask.load(
      file.telling(soft.rawValue, at: task.location), chat: nil, folder: folder)
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
    _ configuration: SearchConfiguration, _ space: SpaceSettings, stored: PlanSettings?,
    _ prepared: PreparedSplits, _ family: [OpenModel], _ engine: InferenceEngine
  ) throws -> PlanSettings {
    if let stored { return stored }
    let hasFront = configuration.algorithm == NSGA2.name && configuration.tasks.count > 1
    let share = try configuration.subset.share(
      configuration, of: prepared.search, hasFront: hasFront)
    let cost = FinalistCost(
      isStochastic: space.isStochastic,
      choosesAmongCategories: space.choosesAmongCategories,
      hasDistribution: Algorithms.all[configuration.algorithm]?.hasDistribution ?? false,
      front: hasFront ? FinalistCost.frontMembers : nil,
      validationPasses: Double(prepared.validation.requestedTokens)
        / Double(max(1, prepared.search.requestedTokens)),
      unseen: share.map { 1 - $0 })
    let blocks = try BlockSettings.chosen(
      configuration, share: share, for: prepared.search, family: family, hasFront: hasFront,
      precision: engine.precision)
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
      spaceBudget: PlanSettings.candidates(of: evaluations, cost, blocks), finalistCost: cost,
      objectives: hasFront ? configuration.tasks.count : nil,
      populationSize: configuration.population, restarts: configuration.restarts,
      blocks: blocks, tellsSoftForms: true)
  }
}

import Diagnostics
public import Documents
import Foundation
public import Optimizers
public import Tasks

/// What a command line changes about a search file.
public struct SearchOverrides: Sendable {
  public var store: String?
  public var evaluations: Int?
  public var seed: UInt64?
  public var threads: Int?
  /// Folder of the task files that a genome of mergekit-evolve names.
  public var tasks: String?

  public init(
    store: String? = nil, evaluations: Int? = nil, seed: UInt64? = nil, threads: Int? = nil,
    tasks: String? = nil
  ) {
    self.store = store
    self.evaluations = evaluations
    self.seed = seed
    self.threads = threads
    self.tasks = tasks
  }
}

/// A search file, read and checked as far as it goes without opening what it names.
public struct SearchConfiguration: Sendable {
  public struct Model: Sendable {
    public var name: String
    /// As written: a folder, or a hub id of the local Hugging Face cache.
    public var reference: String
    /// Branch, tag or commit of a hub id; nil: the one that the cache calls main.
    public var revision: String?
    /// Where it is written, for messages.
    public var location: String
  }

  public struct Models: Sendable {
    /// Where there is no base, the model whose config and tokenizer stand for all: one of the experts.
    public var base: Model
    /// In the order of the file, which is the order of the genome.
    public var experts: [Model]
    /// Only genomes of mergekit-evolve may have none.
    public var hasBase = true
  }

  public struct Task: Sendable {
    /// Absolute path of the task file.
    public var path: String
    /// Positive.
    public var weight: Double
    /// What the optimizer is told on the search split, and where that is written; nil: the metric that the
    /// task is judged by.
    public var metric: (name: String, location: String)?
    public var location: String
  }

  /// What the base model is called in tables.
  static let baseName = "base"

  public enum Precision: String, Sendable, CaseIterable { case auto, f32, bf16 }
  public enum Control: String, Sendable, CaseIterable { case random }

  /// Path of the search file, for messages.
  public let file: String
  /// The text of the file, kept with the results.
  public let text: String
  /// Folder that relative paths start from, absolute.
  public let folder: String
  public var name: String
  /// Nil where the space is one of raw parameters.
  public var models: Models?
  /// The `space` section, or the `genome` of mergekit-evolve.
  public var space: YAMLNode
  /// What else a file of mergekit-evolve says.
  var evolve: EvolveFile?
  /// Folder in which the tasks of such a file were found, absolute.
  public var taskFolder: String?
  /// Empty where an objective is given.
  public var tasks: [Task]
  /// What scores candidates instead of tasks.
  public var objective: ObjectiveSettings?
  public var algorithm: String
  /// Full passes over the search split; nil if only a time limit is given.
  public var evaluations: Int?
  /// Seconds of running time over all sessions.
  public var timeLimit: Double?
  public var seed: UInt64
  public var population: Int?
  public var control: Control?
  public var restarts: OptimizerSettings.Restarts
  /// Where an earlier search says to begin.
  public var warmStart: WarmStartSource?
  /// Best observed score on the search split that ends the search.
  public var target: Double?
  /// Generations without a new best score that end the search.
  public var stagnation: Int?
  /// How the scores of several tasks become one, on the search split and on validation.
  public var aggregate = TaskAggregate.mean
  public var precision: Precision
  /// Bytes of anonymous memory; nil means half of the machine's.
  public var memory: Int?
  /// Workers; nil means one per processor.
  public var threads: Int?
  /// Whether candidates that fall behind stop early; nil: where that saves more than it costs.
  public var racing: Bool?
  /// Share of the search split's tokens that a candidate is scored on; nil: all.
  public var subset: Double?
  /// Absolute path of the store.
  public var store: String
}

extension SearchConfiguration {
  /// Reads a search file.
  ///
  /// - Throws: ``Diagnostic`` if it is no YAML mapping, ``DiagnosticList`` with everything else that
  ///   is wrong.
  public static func read(path: String, overrides: SearchOverrides = .init()) throws
    -> SearchConfiguration
  {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    return try parse(
      text: FileContents.text(of: path), file: path, folder: url.deletingLastPathComponent().path,
      overrides: overrides)
  }

  /// Reads the text of a search file, which messages call `file`; relative paths start from `folder`.
  ///
  /// - Throws: As ``read(path:overrides:)``.
  public static func parse(
    text: String, file: String, folder: String, overrides: SearchOverrides = .init()
  ) throws -> SearchConfiguration {
    let root = try YAMLDocument.parse(text: text, location: file).root.mapping("a search file")
    var reader = SectionReader(folder: folder)
    let isEvolve = EvolveFile.isOne(root)
    let name = reader.value { try root.optional("name")?.string() } ?? nil
    let taskFolder = overrides.tasks.map { absolute($0, in: Search.currentFolder) }
    let space: YAMLNode?
    let models: Models?
    let tasks: [Task]
    var evolve: EvolveFile?
    var objective: ObjectiveSettings?
    if isEvolve {
      evolve = reader.evolve(root)
      space = root.optional("genome")
      models = evolve?.models
      tasks = reader.tasks(of: evolve, in: taskFolder, root)
    } else {
      if taskFolder != nil {
        reader.problems.append(
          Diagnostic(
            "a search file names its task files itself", at: "--tasks",
            fix: "leave the option out: it is for genomes of mergekit-evolve"))
      }
      reader.refuseUnknown(
        root, ["name", "models", "space", "tasks", "objective", "search", "evaluation", "store"])
      space = reader.value { try root.required("space") }
      let isRaw = space.map(hasRawParameters) ?? false
      models = reader.models(root, isRaw: isRaw)
      objective = reader.objective(root, isRaw: isRaw)
      tasks = root.optional("objective") == nil && !isRaw ? reader.tasks(root) : []
    }
    let search = reader.search(root.optional("search"))
    let evaluation = reader.evaluation(root.optional("evaluation"))
    let store = reader.value { try root.optional("store")?.string() } ?? nil
    if search.evaluations == nil, search.timeLimit == nil, overrides.evaluations == nil {
      reader.problems.append(
        root.problem(
          "the search has no budget",
          fix: isEvolve
            ? "add --evaluations N; mergekit-evolve's own number is 100"
            : "add 'search: {evaluations: 200}', or a time_limit such as 8h"))
    }
    if search.aggregate == .worst, root.optional("tasks") == nil {
      reader.problems.append(
        root.problem(
          "without tasks there is no worst one", fix: "remove 'aggregate' from 'search'"))
    }
    if let evaluations = overrides.evaluations, evaluations < 1 {
      reader.problems.append(
        Diagnostic(
          "\(evaluations) evaluations are no budget", at: "--evaluations",
          fix: "use a positive number"))
    }
    if let threads = overrides.threads, !(1...1024).contains(threads) {
      reader.problems.append(
        Diagnostic("\(threads) is no number of threads", at: "--threads", fix: "use 1...1024"))
    }
    guard reader.problems.isEmpty, let space else { throw DiagnosticList(reader.problems) }
    var outside = objective
    if search.isExact { outside?.isExact = true }
    let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    let chosen = overrides.store.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    return SearchConfiguration(
      file: file, text: text, folder: folder, name: name ?? stem, models: models, space: space,
      evolve: evolve, taskFolder: isEvolve ? taskFolder : nil, tasks: tasks, objective: outside,
      algorithm: search.algorithm,
      evaluations: overrides.evaluations ?? search.evaluations, timeLimit: search.timeLimit,
      seed: overrides.seed ?? search.seed, population: search.population, control: search.control,
      restarts: search.restarts, warmStart: search.warmStart, target: search.target,
      stagnation: search.stagnation, aggregate: search.aggregate, precision: evaluation.precision,
      memory: evaluation.memory,
      threads: overrides.threads ?? evaluation.threads, racing: evaluation.racing,
      subset: evaluation.subset,
      store: chosen ?? absolute(store ?? "\(stem).sqlite", in: folder))
  }

  private static func hasRawParameters(_ space: YAMLNode) -> Bool {
    guard case .mapping(let entries) = space.content else { return false }
    return entries.contains { $0.key == "parameters" }
  }

  /// The path itself if it is absolute, else seen from `folder`.
  static func absolute(_ path: String, in folder: String) -> String {
    let expanded = (path as NSString).expandingTildeInPath
    return URL(fileURLWithPath: expanded, relativeTo: URL(fileURLWithPath: folder + "/"))
      .standardizedFileURL.path
  }
}

/// Reads the sections of a search file and collects what is wrong instead of stopping at the first.
struct SectionReader {
  let folder: String
  var problems: [Diagnostic] = []

  struct Search {
    var algorithm = "auto"
    var evaluations: Int?
    var timeLimit: Double?
    var seed: UInt64 = 0
    var population: Int?
    var control: SearchConfiguration.Control?
    var restarts = OptimizerSettings.Restarts.none
    var warmStart: WarmStartSource?
    var target: Double?
    var stagnation: Int?
    var aggregate = TaskAggregate.mean
    var isExact = false
  }

  struct Evaluation {
    var precision = SearchConfiguration.Precision.auto
    var memory: Int?
    var threads: Int?
    var racing: Bool?
    var subset: Double?
  }

  /// The value, or nil and one more problem.
  mutating func value<Value>(_ read: () throws -> Value) -> Value? {
    do {
      return try read()
    } catch let problem as Diagnostic {
      problems.append(problem)
    } catch let list as DiagnosticList {
      problems += list.all
    } catch {
      problems.append(Diagnostic("\(error)", at: "", fix: "check the search file"))
    }
    return nil
  }

  mutating func refuseUnknown(_ mapping: YAMLMapping, _ known: [String]) {
    problems += mapping.unknownKeys(known: known)
  }

  /// The objective outside of this program; nil where tasks score, or if it is wrong.
  mutating func objective(_ root: YAMLMapping, isRaw: Bool) -> ObjectiveSettings? {
    guard let node = root.optional("objective") else {
      if isRaw {
        problems.append(
          root.problem(
            "raw parameters have no objective",
            fix: "add 'objective: {command: […]}', or 'objective: ask' for ask and tell"))
      }
      return nil
    }
    if let tasks = root.optional("tasks") {
      problems.append(
        tasks.problem("there are tasks and an objective", fix: "keep one of the two"))
    }
    return value { try ObjectiveSettings(node) }
  }

  mutating func models(_ root: YAMLMapping, isRaw: Bool) -> SearchConfiguration.Models? {
    if isRaw {
      if let models = root.optional("models") {
        problems.append(
          models.problem(
            "raw parameters have no models", fix: "remove 'models', or 'space.parameters'"))
      }
      return nil
    }
    guard
      let section = value({
        try root.required("models").mapping("'models'")
      })
    else { return nil }
    refuseUnknown(section, ["base", "experts"])
    let base = value {
      let node = try section.required("base")
      return SearchConfiguration.Model(
        name: SearchConfiguration.baseName, reference: try node.string(), location: node.location)
    }
    guard
      let list = value({
        try section.required("experts").mapping("'experts'")
      })
    else { return nil }
    var experts: [SearchConfiguration.Model] = []
    for entry in list.entries {
      if entry.key == SearchConfiguration.baseName {
        problems.append(
          entry.value.problem("an expert cannot be called 'base'", fix: "use another name"))
      }
      if let reference = value({ try entry.value.string() }) {
        experts.append(
          SearchConfiguration.Model(
            name: entry.key, reference: reference, location: entry.value.location))
      }
    }
    if list.entries.isEmpty {
      problems.append(list.problem("names no experts", fix: "list at least one as 'name: folder'"))
    }
    guard let base else { return nil }
    return SearchConfiguration.Models(base: base, experts: experts)
  }

  mutating func tasks(_ root: YAMLMapping) -> [SearchConfiguration.Task] {
    guard
      let list = value({ try root.required("tasks").sequence() })
    else { return [] }
    if list.isEmpty {
      problems.append(root.problem("'tasks' is empty", fix: "list at least one task file"))
    }
    var tasks: [SearchConfiguration.Task] = []
    let folder = folder
    for node in list {
      let task = value { () -> SearchConfiguration.Task in
        if node.scalar != nil {
          return SearchConfiguration.Task(
            path: SearchConfiguration.absolute(try node.string(), in: folder), weight: 1,
            location: node.location)
        }
        let mapping = try node.mapping("a task")
        try mapping.rejectUnknownKeys(known: ["file", "weight", "metric"])
        let weight = try mapping.optional("weight")?.double() ?? 1
        guard weight > 0 else {
          throw node.problem(
            "weight \(weight) is not positive", fix: "use a positive weight, or leave the task out")
        }
        return SearchConfiguration.Task(
          path: SearchConfiguration.absolute(try mapping.required("file").string(), in: folder),
          weight: weight,
          metric: try mapping.optional("metric").map { (try $0.string(), $0.location) },
          location: node.location)
      }
      if let task { tasks.append(task) }
    }
    return tasks
  }

  mutating func search(_ node: YAMLNode?) -> Search {
    var search = Search()
    guard let node, let mapping = value({ try node.mapping("'search'") })
    else { return search }
    refuseUnknown(
      mapping,
      [
        "algorithm", "evaluations", "time_limit", "seed", "population", "control", "restarts",
        "warm_start", "target", "stagnation", "noise", "aggregate",
      ])
    search.algorithm =
      value { try mapping.optional("algorithm")?.string() ?? "auto" }
      ?? "auto"
    search.evaluations =
      value {
        try mapping.optional("evaluations")?.integer(in: 1...100_000_000)
      } ?? nil
    search.timeLimit =
      value { () -> Double? in
        guard let node = mapping.optional("time_limit") else { return nil }
        return try Quantities.seconds(try node.string(), at: node.location)
      } ?? nil
    search.seed =
      value { () -> UInt64 in
        guard let node = mapping.optional("seed") else { return 0 }
        guard let seed = UInt64(try node.string()) else {
          throw node.problem("is not a seed", fix: "use a whole number from 0")
        }
        return seed
      } ?? 0
    search.population =
      value {
        try mapping.optional("population")?.integer(in: 4...100_000)
      } ?? nil
    search.control =
      value { () -> SearchConfiguration.Control? in
        try mapping.optional("control")?.choice("control")
      } ?? nil
    search.isExact =
      value {
        try mapping.optional("noise").map(ObjectiveSettings.isExact) ?? false
      } ?? false
    search.restarts =
      value { () -> OptimizerSettings.Restarts in
        try mapping.optional("restarts")?.choice("restarts") ?? .none
      } ?? .none
    let folder = folder
    search.warmStart =
      value { try mapping.optional("warm_start").map { try WarmStartSource($0, folder: folder) } }
      ?? nil
    search.aggregate =
      value { () -> TaskAggregate in
        try mapping.optional("aggregate")?.choice("aggregate") ?? .mean
      } ?? .mean
    search.target = value { try mapping.optional("target")?.double() } ?? nil
    search.stagnation =
      value { try mapping.optional("stagnation")?.integer(in: 1...1_000_000) } ?? nil
    return search
  }

  mutating func evaluation(_ node: YAMLNode?) -> Evaluation {
    var evaluation = Evaluation()
    guard let node,
      let mapping = value({ try node.mapping("'evaluation'") })
    else { return evaluation }
    refuseUnknown(mapping, ["precision", "memory", "threads", "racing", "subset"])
    evaluation.precision =
      value { () -> SearchConfiguration.Precision in
        try mapping.optional("precision")?.choice("precision") ?? .auto
      } ?? .auto
    evaluation.memory =
      value { () -> Int? in
        guard let node = mapping.optional("memory"), try node.string() != "auto" else { return nil }
        return try Quantities.bytes(try node.string(), at: node.location)
      } ?? nil
    evaluation.threads =
      value { () -> Int? in
        guard let node = mapping.optional("threads"), try node.string() != "auto" else {
          return nil
        }
        return try node.integer(in: 1...1024)
      } ?? nil
    evaluation.racing =
      value { () -> Bool? in
        guard let node = mapping.optional("racing"), try node.string() != "auto" else { return nil }
        return try node.bool()
      } ?? nil
    evaluation.subset =
      value { () -> Double? in
        guard let node = mapping.optional("subset"), try node.string() != "none" else {
          return nil
        }
        let share = try node.double()
        guard share > 0, share <= 1 else {
          throw node.problem(
            "\(share) is no share of the items",
            fix: "use a number above 0 and below 1, such as 0.25")
        }
        return share < 1 ? share : nil
      } ?? nil
    return evaluation
  }
}

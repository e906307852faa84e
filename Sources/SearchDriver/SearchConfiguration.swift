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
    /// task is judged by, or its soft form.
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
  /// What a candidate is scored on.
  public var subset: SubsetChoice
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

import Diagnostics
import Documents
import Foundation
import Recipes
import SearchSpaces
import Tasks

/// A search file of mergekit-evolve: a genome, names of tasks, and how these are put.
///
/// Reference: mergekit 0.1.5, `mergekit/evo/config.py`.
struct EvolveFile: Sendable {
  struct Task: Sendable {
    var name: String
    /// Negative for metrics of which less is better; never 0.
    var weight: Double
    var objective: TaskOverrides.Objective
    var location: String
  }

  var genome: EvolveGenome
  var tasks: [Task] = []
  /// Items of each task that candidates are scored on, and finalists likewise; nil: all of these splits.
  var limit: Int?
  /// Whether the limit takes items at random.
  var shuffles = false
  /// Worked examples in every task; nil: as its file says.
  var shots: Int?
  /// Whether the search starts at a random genome.
  var startsAtRandom = false
  var chat: ChatSettings

  static let keys = [
    "genome", "tasks", "limit", "num_fewshot", "shuffle", "random_init", "apply_chat_template",
    "fewshot_as_multiturn",
  ]

  static func isOne(_ root: YAMLMapping) -> Bool { root.optional("genome") != nil }

  /// - Throws: `DiagnosticList` with everything that is wrong.
  init(_ root: YAMLMapping) throws {
    var problems: [Diagnostic] = []
    func value<Value>(_ read: () throws(Diagnostic) -> Value) -> Value? {
      do {
        return try read()
      } catch {
        problems.append(error)
        return nil
      }
    }
    func flag(_ key: String, _ standard: Bool) -> Bool {
      value { () throws(Diagnostic) in try root.optional(key)?.bool() ?? standard } ?? standard
    }
    let genome = value { () throws(Diagnostic) in try EvolveGenome(root.required("genome")) }
    let nodes = value { () throws(Diagnostic) in try root.required("tasks").sequence() } ?? []
    let tasks = nodes.compactMap { node in value { () throws(Diagnostic) in try Task(node) } }
    if problems.isEmpty, tasks.isEmpty {
      problems.append(root.problem("'tasks' is empty", fix: "name at least one task"))
    }
    let limit = value { () throws(Diagnostic) in
      try root.optional("limit")?.integer(in: 1...1_000_000_000)
    }
    let shots = value { () throws(Diagnostic) in
      try root.optional("num_fewshot")?.integer(in: 0...1000)
    }
    shuffles = flag("shuffle", false)
    startsAtRandom = flag("random_init", false)
    chat = ChatSettings(
      appliesTemplate: flag("apply_chat_template", true),
      hasTurnPerExample: flag("fewshot_as_multiturn", true))
    guard problems.isEmpty, let genome else { throw DiagnosticList(problems) }
    self.genome = genome
    self.tasks = tasks
    self.limit = limit ?? nil
    self.shots = shots ?? nil
  }
}

extension EvolveFile.Task {
  /// Reads a name, or `{name, weight: 1, metric: "acc,none"}`.
  init(_ node: YAMLNode) throws(Diagnostic) {
    let standard = "acc,none"
    location = node.location
    guard node.isMapping else {
      name = try node.string()
      weight = 1
      objective = TaskOverrides.Objective(metric: standard, location: node.location)
      return
    }
    let mapping = try node.mapping("a task")
    try mapping.rejectUnknownKeys(known: ["name", "weight", "metric"])
    name = try mapping.required("name").string()
    weight = try mapping.optional("weight")?.double() ?? 1
    guard weight != 0 else {
      throw node.problem("weight 0 leaves '\(name)' without effect", fix: "leave the task out")
    }
    let metric = mapping.optional("metric")
    objective = TaskOverrides.Objective(
      metric: try metric?.string() ?? standard, location: metric?.location ?? node.location)
  }

  /// mergekit-evolve adds weighted figures and knows no direction, so that the sign of the weight is one.
  ///
  /// - Throws: ``Diagnostic`` if it is not the metric's.
  func checkDirection(of task: LoadedTask) throws(Diagnostic) {
    let metric = task.objective(decoding: .always)
    guard metric.higherIsBetter != (weight > 0) else { return }
    let direction = metric.higherIsBetter ? "more" : "less"
    throw Diagnostic(
      "of \(metric.name), \(direction) is better, but weight \(weight) asks for the opposite",
      at: location, fix: "write 'weight: \(-weight)'")
  }
}

extension EvolveFile {
  /// Base and experts, called by the last parts of their paths.
  var models: SearchConfiguration.Models {
    let models = genome.experts
    var taken: Set<String> = [SearchConfiguration.baseName]
    let experts = models.map { model in
      let stem = URL(fileURLWithPath: model.path).lastPathComponent
      var name = stem
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(stem)-\(number)"
        number += 1
      }
      return SearchConfiguration.Model(
        name: name, reference: model.path, revision: model.revision, location: genome.location)
    }
    let base = genome.base ?? genome.models[0]
    return SearchConfiguration.Models(
      base: SearchConfiguration.Model(
        name: SearchConfiguration.baseName, reference: base.path, revision: base.revision,
        location: genome.location),
      experts: experts, hasBase: genome.base != nil)
  }
}

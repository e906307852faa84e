import Diagnostics
import Documents
import Optimizers
import Tasks

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
    var subset = SubsetChoice.automatic
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
      value { () -> SubsetChoice in
        guard let node = mapping.optional("subset"), try node.string() != "auto" else {
          return .automatic
        }
        if try node.string() == "none" { return .all }
        let share = try node.double()
        guard share > 0, share <= 1 else {
          throw node.problem(
            "\(share) is no share of the items",
            fix: "use a number above 0 and below 1, such as 0.25, 'auto' or 'none'")
        }
        return share < 1 ? .share(share) : .all
      } ?? .automatic
    return evaluation
  }
}

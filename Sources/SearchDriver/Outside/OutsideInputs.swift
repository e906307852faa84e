import Checkpoints
import Diagnostics
import Documents
import Foundation
import Kernels
import MergeEngine
import Optimizers
import PopulationStore
import Randomness
import Recipes
import SearchSpaces

/// A search whose candidates are scored outside of this program: raw parameters, or merges of models
/// that somebody else evaluates.
struct OutsideInputs: SearchProblem {
  /// Stands for the manner of scoring where a store asks for precision and decoding.
  static let manner = "external"

  let configuration: SearchConfiguration
  let objective: ObjectiveSettings
  let space: SearchSpace
  /// What an earlier search said when this one was created.
  private let warmStart: WarmStart?
  /// What genomes mean as recipes; nil for raw parameters.
  private let merges: MergeSpace?
  private let family: Family?

  /// What is fixed at creation beside the plan's own columns.
  private struct Settings: Codable {
    var minimizes: Bool
    var exact: Bool
    var warmStart: WarmStart?
  }

  /// `plan` is what was fixed at creation, nil for a new search.
  ///
  /// - Throws: `DiagnosticList` with everything that is wrong.
  init(
    _ configuration: SearchConfiguration, _ objective: ObjectiveSettings, plan: Plan? = nil
  ) throws {
    self.configuration = configuration
    self.objective = objective
    guard let evaluations = configuration.evaluations else {
      throw DiagnosticList([
        Diagnostic(
          "the search has no number of evaluations", at: configuration.file,
          fix: "add 'search: {evaluations: 200}'; a time_limit may stand beside it")
      ])
    }
    if configuration.control != nil {
      throw DiagnosticList([
        Diagnostic(
          "a control is compared with the winner on test items, which an objective of your own has not",
          at: "\(configuration.file): search.control",
          fix:
            "remove the key; 'algorithm: random-start' draws such candidates in a store of its own")
      ])
    }
    family = try Self.family(configuration)
    if let family {
      let outline = ModelOutline(family.base.configuration)
      let merges = try MergeSpace(
        configuration.space, models: family.models, outline: outline, budget: evaluations)
      self.merges = merges
      space = merges.space
    } else {
      let mapping = try configuration.space.mapping("'space'")
      try mapping.rejectUnknownKeys(known: ["parameters"])
      merges = nil
      space = try SearchSpace(parameters: try mapping.required("parameters"))
    }
    if let plan {
      warmStart = try decodeJSON(Settings.self, plan.settings, at: "plan.settings").warmStart
    } else {
      warmStart = try configuration.warmStart?.warmStart(for: space)
    }
    let optimizer = try makeOptimizer(seed: configuration.seed, start: nil)
    let smallest = optimizer.populationSize + reserve
    guard evaluations >= smallest else {
      throw DiagnosticList([
        Diagnostic(
          "\(evaluations) evaluations do not pay for one generation of \(optimizer.populationSize)",
          at: "\(configuration.file): search.evaluations",
          fix: "use at least \(smallest), or set a smaller 'population'")
      ])
    }
  }

  /// Evaluations that are kept for the distribution's means at the end.
  private var reserve: Int {
    guard Algorithms.all[configuration.algorithm]?.hasDistribution ?? false else { return 0 }
    let choosesAmongCategories = space.parameters.contains {
      if case .categorical(let choices, _) = $0.kind { choices.count > 1 } else { false }
    }
    return 1 + (choosesAmongCategories ? FinalistCost.combinations : 0)
  }

  func budget(evaluations: Int, timeLimit: Double?) -> Budget {
    Budget(evaluations: evaluations, timeLimit: timeLimit, reserve: Double(reserve))
  }

  // MARK: SearchProblem

  func makeOptimizer(seed: UInt64, start: Genome?) throws -> AnyOptimizer {
    var settings = OptimizerSettings(
      budget: (configuration.evaluations ?? reserve) - reserve,
      populationSize: configuration.population, noise: objective.isExact ? .none : .sampling,
      restarts: configuration.restarts, warmStart: warmStart)
    if let start { settings.start(at: start, in: space) }
    return try AnyOptimizer(
      configuration.algorithm, space: space, settings: settings, seed: seed,
      at: "\(configuration.file): search.algorithm")
  }

  func newCandidate(
    _ genome: Genome, kind: Candidate.Kind, name: String?
  ) throws -> NewCandidate {
    let document = try merges?.document(
      for: genome, maskSeed: configuration.seed, location: "candidate")
    return NewCandidate(
      kind: kind, name: name, genome: genome, recipe: document?.yaml,
      fingerprint: space.fingerprint(genome))
  }

  func maskSeed(of candidate: Candidate) -> UInt64 { 0 }

  var objectives: Int { 1 }

  func toldScores(of evaluation: Evaluation, _ search: StoredSearch) -> [Double] {
    [evaluation.score]
  }

  func utility(of score: Double, inTask task: Int) -> Double { score }

  // MARK: Store

  func newSearch(configuration text: String) throws -> NewSearch {
    let optimizer = try makeOptimizer(seed: configuration.seed, start: nil)
    return NewSearch(
      name: configuration.name, configuration: text, seed: configuration.seed,
      bootstrapSeed: SplitMix64.output(configuration.seed), precision: Self.manner,
      decode: Self.manner, models: try family?.stored() ?? [], tasks: [], benchmarks: [],
      budget: budget(
        evaluations: configuration.evaluations ?? 0, timeLimit: configuration.timeLimit),
      plan: Plan(
        space: try canonicalJSON(space), algorithm: configuration.algorithm,
        covariance: optimizer.covariance, population: optimizer.populationSize, racing: false,
        settings: try canonicalJSON(
          Settings(
            minimizes: objective.minimizes, exact: objective.isExact, warmStart: warmStart))),
      baselines: try family?.baselines(maskSeed: configuration.seed) ?? [])
  }

  /// What people may want to know before the start.
  var summary: [(name: String, text: String)] {
    let numeric = space.parameters.count {
      if case .categorical = $0.kind { false } else { true }
    }
    let optimizer = try? makeOptimizer(seed: configuration.seed, start: nil)
    var lines = [
      (
        name: "space",
        text: "\(numeric) numeric and \(space.parameters.count - numeric) categorical parameters"
      ),
      (name: "budget", text: "\(configuration.evaluations ?? 0) evaluations"),
    ]
    if let optimizer {
      lines.append(("population", "\(optimizer.populationSize) candidates per generation"))
      lines += optimizer.decisions.map { ("algorithm", $0) }
    }
    return lines
  }
}

extension OutsideInputs {
  /// Base and experts of a search for merges.
  private struct Family: Sendable {
    let base: OpenModel
    let experts: [SearchInputs.Expert]
    let models: MergeModels

    func stored() throws -> [StoredModel] {
      try SearchInputs.storedModels(
        base, experts, on: WorkerPool(threads: WorkerPool.processorCount))
    }

    /// Parents as recipes that pass them through, then the simple merges.
    func baselines(maskSeed: UInt64) throws -> [NewCandidate] {
      func candidate(
        _ kind: Candidate.Kind, _ name: String, _ document: RecipeDocument
      ) -> NewCandidate {
        let text = document.yaml
        return NewCandidate(
          kind: kind, name: name, recipe: text, fingerprint: fnv1a64(text.utf8))
      }
      func parent(
        _ kind: Candidate.Kind, _ name: String, _ model: ModelReference
      ) throws -> NewCandidate {
        let recipe = Recipe(
          method: .passthrough, assembly: .models([Recipe.Input(model)]),
          outDType: models.outDType)
        return candidate(kind, name, try RecipeDocument(recipe, location: name))
      }
      let parents =
        try models.base.map { [try parent(.base, SearchConfiguration.baseName, $0)] } ?? []
      return try parents + models.experts.map { try parent(.expert, $0.name, $0.model) }
        + models.simpleMerges(maskSeed: maskSeed).map { candidate(.simple, $0.name, $0.document) }
    }
  }

  private static func family(_ configuration: SearchConfiguration) throws -> Family? {
    guard let named = configuration.models else { return nil }
    let library = CheckpointLibrary(folders: [configuration.folder])
    var problems: [Diagnostic] = []
    func open(_ model: SearchConfiguration.Model) -> OpenModel? {
      do {
        return try library.model(ModelReference(path: model.reference))
      } catch {
        problems.append(error)
        return nil
      }
    }
    let base = open(named.base)
    let experts = named.experts.compactMap { expert in
      open(expert).map { SearchInputs.Expert(name: expert.name, model: $0) }
    }
    guard problems.isEmpty, let base else { throw DiagnosticList(problems) }
    return Family(
      base: base, experts: experts, models: try SearchInputs.mergeModels(base, experts))
  }
}

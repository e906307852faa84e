import Architectures
import Checkpoints
import Evaluation
import Inference
import Kernels
import MergeEngine
import PopulationStore
import Recipes
import SearchSpaces
import Tasks
import Tensors

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
  /// Where there is no base, the model whose config and tokenizer stand for all: one of the experts.
  let base: OpenModel
  let hasBase: Bool
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
  let spaceSettings: SpaceSettings
  let outline: ModelOutline
  /// What the space and the optimizer are made from.
  private(set) var settings: PlanSettings
  private(set) var mergeSpace: any RecipeSpace
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
    inputs.mergeSpace = try spaceSettings.space(
      models: mergeSpace.models, outline: outline, budget: settings.spaceBudget)
    if let source = configuration.warmStart {
      inputs.settings.warmStart = try source.warmStart(for: inputs.mergeSpace.space)
    }
    return inputs
  }
}

extension SearchInputs {
  /// Base and experts, each once.
  var family: [OpenModel] { (hasBase ? [base] : []) + experts.map(\.model) }

  /// The family as recipes name it; merges are stored in the dtype of the base.
  static func mergeModels(
    _ base: OpenModel, _ experts: [SearchInputs.Expert], hasBase: Bool = true
  ) throws -> MergeModels {
    let stored = base.usedTensors.first.flatMap { base.checkpoint.description(of: $0)?.dtype }
    return try MergeModels(
      base: hasBase ? ModelReference(path: absolutePath(of: base)) : nil,
      experts: experts.map {
        MergeModels.Expert(
          name: $0.name, model: ModelReference(path: absolutePath(of: $0.model)))
      }, outDType: stored ?? .f32)
  }

  static func absolutePath(of model: OpenModel) -> String {
    SearchConfiguration.absolute(model.checkpoint.path, in: Search.currentFolder)
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

public import Diagnostics

/// A family of decoders as data: how its configuration reads, which weights it has, what its blocks do.
///
/// The forward pass and the merge planner interpret the same value. A new family is a file with one
/// static value, and its line in ``all``.
public struct Architecture: Sendable {
  /// `model_type` in `config.json`.
  public let modelType: String
  /// The class in `architectures`, such as `LlamaForCausalLM`.
  public let className: String
  /// What missing keys of `config.json` mean.
  let defaults: Defaults
  /// Projections that have a bias whatever the configuration says.
  var biasedProjections: Set<Projection> = []
  /// Keys of `config.json` that give biases to projections when they are true.
  var biasKeys: [BiasKey] = []
  var windowRule: WindowRule = .none

  /// Every supported family, in the order in which messages list them.
  public static let all = Registry(
    "model type",
    [
      .llama,
      .mistral,
      .qwen2,
    ].map { (architecture: Architecture) in (architecture.modelType, architecture) })
}

extension Architecture {
  /// Values of keys that are missing from `config.json`, as the reference implementation has them.
  struct Defaults: Sendable {
    var normEpsilon = 1e-6
    var ropeTheta = 10_000.0
    /// `nil`: as many as there are query heads.
    var keyValueHeads: Int?
    var tiesEmbeddings = false
    var maximumPositions: Int
  }

  struct BiasKey: Sendable {
    let key: String
    let projections: Set<Projection>
  }

  /// How `config.json` tells which layers see a limited number of positions.
  enum WindowRule: Sendable {
    case none
    /// `sliding_window` holds for all layers; null means none, a missing key `ifMissing`.
    case everyLayer(ifMissing: Int)
    /// `sliding_window` counts if `use_sliding_window` is true, in the layers that `layer_types` names or
    /// else in those from `max_window_layers` on.
    case upperLayers(ifMissing: Int, maxWindowLayersIfMissing: Int)
  }
}

/// The matrices of a decoder layer, stored as [out, in].
public enum Projection: String, CaseIterable, Sendable, Hashable {
  case query = "self_attn.q_proj"
  case key = "self_attn.k_proj"
  case value = "self_attn.v_proj"
  case output = "self_attn.o_proj"
  case gate = "mlp.gate_proj"
  case up = "mlp.up_proj"
  case down = "mlp.down_proj"

  /// Whether the projection belongs to the attention or to the MLP of its layer.
  public var role: WeightRole {
    switch self {
    case .query, .key, .value, .output: .attention
    case .gate, .up, .down: .mlp
    }
  }
}

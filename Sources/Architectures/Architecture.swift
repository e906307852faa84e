public import Diagnostics

/// A family of decoders as data: how its configuration reads, which weights it has, what its blocks do.
///
/// The forward pass and the merge planner interpret the same value. A new family is a file with one
/// static value, and its line in ``all``; what it does not say is as in Llama.
public struct Architecture: Sendable {
  /// `model_type` in `config.json`.
  public let modelType: String
  /// The class in `architectures`, such as `LlamaForCausalLM`.
  public let className: String
  /// What missing keys of `config.json` mean.
  let defaults: Defaults
  var keys = ConfigurationKeys()
  var names = WeightNames()
  var norm = NormKind.rootMeanSquare
  /// Norms of queries and keys before they rotate.
  var headNorms: HeadNormRule?
  var residual = ResidualRule.sequential
  var biases: [BiasRule] = []
  var hasHeadBias = false
  /// How the rows of ``Projection/queryKeyValue`` are arranged.
  var queryKeyValueOrder = QueryKeyValueOrder.stacked
  /// Matrices are stored as [in, out].
  var storesTransposed = false
  /// Nil: positions are added to the embedding, see ``WeightNames/positions``.
  var rotary: RotaryRule? = RotaryRule()
  var windowRule = WindowRule.none
  var scales = ScaleRule()
  /// mergekit has no definition of the family and infers one, in which all weights outside of the layers stand
  /// before them.
  var isInferredByMergekit = false
  /// Keys that may not be true, since they mean another computation.
  var refusedOptions: [String] = []

  /// Every supported family, in the order in which messages list them.
  public static let all = Registry(
    "model type",
    [
      .llama,
      .mistral,
      .qwen2,
      .qwen3,
      .gemma,
      .gemma2,
      .gemma3,
      .phi,
      .phi3,
      .gpt2,
      .gptNeoX,
      .olmo2,
      .granite,
      .smolLM3,
      .stableLM,
      .starcoder2,
      .cohere,
    ].map { (architecture: Architecture) in (architecture.modelType, architecture) })
}

extension Architecture {
  /// Values of keys that are missing from `config.json`, as the reference implementation has them.
  struct Defaults: Sendable {
    var normEpsilon = 1e-6
    /// `nil`: as many as there are query heads.
    var keyValueHeads: Int?
    /// `nil`: the hidden size divided among the query heads.
    var headSize: Int?
    var tiesEmbeddings = false
    var maximumPositions: Int
    var activation = "silu"
    /// `nil`: the key must be there, as in all of the following.
    var vocabularySize: Int?
    var headCount: Int?
    /// Times the hidden size.
    var intermediateFactor: Int?
  }

  /// The keys of `config.json` that differ between families.
  struct ConfigurationKeys: Sendable {
    /// The older files of a family may nest the language model under `text_config` without its type;
    /// this is the type of the larger model.
    var wrapperModelType: String?
    var hiddenSize = "hidden_size"
    var intermediateSize = "intermediate_size"
    var layerCount = "num_hidden_layers"
    var headCount = "num_attention_heads"
    /// Nil: always as many as query heads.
    var keyValueHeadCount: String? = "num_key_value_heads"
    /// Nil: always the hidden size divided among the heads.
    var headSize: String? = "head_dim"
    var maximumPositions = "max_position_embeddings"
    var normEpsilon = "rms_norm_eps"
    var activation = "hidden_act"
    /// Names of activations that mean another one in this family.
    var activationAliases: [String: String] = [:]
  }

  /// A choice that a family makes, or leaves to a key of `config.json`.
  enum Flag: Sendable {
    case always
    case key(String, ifMissing: Bool)
  }

  struct BiasRule: Sendable {
    let isThere: Flag
    let projections: Set<Projection>
  }

  enum ResidualRule: Sendable {
    /// x ← x + attention(norm(x)), then x ← x + mlp(norm(x)).
    case sequential
    /// x ← x + attention(norm(x)) + mlp(norm(x)), where the flag says so; if shared, the MLP's norm is the
    /// attention's.
    case parallel(Flag, sharesNorm: Bool)
  }

  struct HeadNormRule: Sendable {
    let isThere: Flag
    let kind: NormKind
    let extent: HeadNorm.Extent
    /// Names inside the layer.
    let query: String
    let key: String
  }

  /// How `config.json` tells which layers see a limited number of positions.
  enum WindowRule: Sendable {
    case none
    /// `sliding_window` holds for all layers; null means none, a missing key `ifMissing`.
    case everyLayer(ifMissing: Int?)
    /// `sliding_window` counts if `use_sliding_window` is true, in the layers that `layer_types` names or
    /// else in those from `max_window_layers` on.
    case upperLayers(ifMissing: Int, maxWindowLayersIfMissing: Int)
    /// `sliding_window` counts in the layers that `layer_types` names, or else in all but every n-th, where
    /// n is the value of the key or `period`.
    case allButEvery(period: Int, key: String?, ifMissing: Int)
    /// `sliding_window` counts in the layers that `layer_types` names, or else, if `use_sliding_window` is
    /// true, in those that do not rotate.
    case layersWithoutRotation
  }

  /// Factors and limits of the forward pass.
  struct ScaleRule: Sendable {
    /// A number that the family or `config.json` gives.
    enum Factor: Sendable {
      case one
      case rootOfHiddenSize
      case key(String, ifMissing: Double)
      case inverseOfKey(String, ifMissing: Double)
    }

    /// What the product of a query and a key is multiplied with.
    enum Attention: Sendable {
      case inverseRootOfHeadSize
      case inverseRootOfKey(String, ifMissing: Int)
      case key(String, ifMissing: Double)
      /// 1/√size if the first key is true (it is if missing), divided by the layer's number, from 1 on, if
      /// the second is.
      case optional(scaled: String, byLayer: String)
    }

    /// A key with the limit c of c·tanh(x/c); null means none.
    struct Cap: Sendable {
      let key: String
      let ifMissing: Double?
    }

    var embedding = Factor.one
    /// Of what attention and MLP add.
    var residual = Factor.one
    var logits = Factor.one
    var attention = Attention.inverseRootOfHeadSize
    var attentionCap: Cap?
    var logitCap: Cap?
  }
}

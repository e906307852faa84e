/// The matrices of a decoder layer, [out, in].
public enum Projection: String, CaseIterable, Sendable, Hashable {
  case query, key, value
  /// Query, key and value in one tensor.
  case queryKeyValue
  case output
  case gate
  /// The first matrix of a plain MLP, or the one that the gate multiplies.
  case up
  /// Gate rows, then up rows, in one tensor.
  case gateUp
  case down

  /// Whether the projection belongs to the attention or to the MLP of its layer.
  public var role: WeightRole {
    switch self {
    case .query, .key, .value, .queryKeyValue, .output: .attention
    case .gate, .up, .gateUp, .down: .mlp
    }
  }

  static let attention: Set<Projection> = [.query, .key, .value, .output]
  static let mlp: Set<Projection> = [.gate, .up, .down]
}

/// How the rows of query, key and value are arranged in one tensor.
public enum QueryKeyValueOrder: Sendable {
  /// All queries, then all keys, then all values.
  case stacked
  /// Query, key and value of the first head, then of the second.
  case perHead
}

/// The names of a family's tensors, without `.weight` and `.bias`.
struct WeightNames: Sendable {
  /// What all tensors but the head's begin with; some checkpoints leave it out.
  var stem = "model."
  var embedding = "embed_tokens"
  /// Learned positions, added to the embedding.
  var positions: String?
  /// Before the number of a layer.
  var layers = "layers"
  /// Inside a layer, and the final norm.
  var norms: [NormPlace: String] = [
    .attentionInput: "input_layernorm", .mlpInput: "post_attention_layernorm", .final: "norm",
  ]
  /// Inside a layer.
  var projections: [Projection: String] = llamaProjections
  var head = "lm_head"
  /// Other names of the head.
  var headAliases: [String] = []

  static let llamaProjections: [Projection: String] = [
    .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
    .output: "self_attn.o_proj", .gate: "mlp.gate_proj", .up: "mlp.up_proj",
    .down: "mlp.down_proj",
  ]
}

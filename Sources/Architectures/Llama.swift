extension Architecture {
  /// Llama 1 to 3.2 and what shares its blocks: SmolLM2, TinyLlama, Yi, SOLAR.
  ///
  /// Reference: <https://arxiv.org/abs/2302.13971>
  static let llama = Architecture(
    modelType: "llama", className: "LlamaForCausalLM",
    defaults: Defaults(maximumPositions: 2048),
    biases: [.attention, .mlp])
}

extension Architecture.BiasRule {
  /// All four matrices of the attention, if `attention_bias` is true.
  static let attention = Self(
    isThere: .key("attention_bias", ifMissing: false), projections: Projection.attention)
  /// All three matrices of the MLP, if `mlp_bias` is true.
  static let mlp = Self(isThere: .key("mlp_bias", ifMissing: false), projections: Projection.mlp)
}

extension Architecture {
  /// Llama 1 to 3.2 and what shares its blocks: SmolLM2, TinyLlama, Yi, SOLAR.
  ///
  /// Reference: <https://arxiv.org/abs/2302.13971>
  static let llama = Architecture(
    modelType: "llama", className: "LlamaForCausalLM",
    defaults: Defaults(maximumPositions: 2048),
    biasKeys: [
      BiasKey(key: "attention_bias", projections: [.query, .key, .value, .output]),
      BiasKey(key: "mlp_bias", projections: [.gate, .up, .down]),
    ])
}

extension Architecture {
  /// Qwen2 and Qwen2.5 dense decoders: Llama blocks with biased query, key and value.
  ///
  /// Reference: <https://arxiv.org/abs/2407.10671>
  static let qwen2 = Architecture(
    modelType: "qwen2", className: "Qwen2ForCausalLM",
    defaults: Defaults(keyValueHeads: 32, maximumPositions: 32_768),
    biases: [BiasRule(isThere: .always, projections: [.query, .key, .value])],
    windowRule: .upperLayers(ifMissing: 4096, maxWindowLayersIfMissing: 28))
}

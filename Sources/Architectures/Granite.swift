extension Architecture {
  /// Granite 3 dense decoders: Llama blocks with four factors.
  ///
  /// Reference: <https://huggingface.co/ibm-granite/granite-3.0-8b-base>
  static let granite = Architecture(
    modelType: "granite", className: "GraniteForCausalLM",
    defaults: Defaults(maximumPositions: 2048),
    biases: [.attention, .mlp],
    scales: ScaleRule(
      embedding: .key("embedding_multiplier", ifMissing: 1),
      residual: .key("residual_multiplier", ifMissing: 1),
      logits: .inverseOfKey("logits_scaling", ifMissing: 1),
      attention: .key("attention_multiplier", ifMissing: 1)))
}

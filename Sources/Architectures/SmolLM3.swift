extension Architecture {
  /// SmolLM3: Llama blocks, every fourth of which does not rotate.
  ///
  /// Reference: <https://huggingface.co/blog/smollm3>
  static let smolLM3 = Architecture(
    modelType: "smollm3", className: "SmolLM3ForCausalLM",
    defaults: Defaults(keyValueHeads: 4, tiesEmbeddings: true, maximumPositions: 32_768),
    biases: [.attention, .mlp],
    rotary: RotaryRule(
      theta: 2_000_000,
      skipped: RotaryRule.Skipped(
        layers: "no_rope_layers", interval: "no_rope_layer_interval", ifMissing: 4)),
    windowRule: .layersWithoutRotation,
    isInferredByMergekit: true)
}

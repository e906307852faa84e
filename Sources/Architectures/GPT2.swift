extension Architecture {
  /// GPT-2: learned positions, LayerNorm, a plain MLP; matrices are stored as [in, out].
  ///
  /// The published files leave out the prefix `transformer.`; it is what others write.
  /// Reference: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
  static let gpt2 = Architecture(
    modelType: "gpt2", className: "GPT2LMHeadModel",
    defaults: Defaults(
      normEpsilon: 1e-5, tiesEmbeddings: true, maximumPositions: 1024, activation: "gelu_new",
      intermediateFactor: 4),
    keys: ConfigurationKeys(
      hiddenSize: "n_embd", intermediateSize: "n_inner", layerCount: "n_layer",
      headCount: "n_head", keyValueHeadCount: nil, headSize: nil, maximumPositions: "n_positions",
      normEpsilon: "layer_norm_epsilon", activation: "activation_function"),
    names: WeightNames(
      stem: "transformer.", embedding: "wte", positions: "wpe", layers: "h",
      norms: [.attentionInput: "ln_1", .mlpInput: "ln_2", .final: "ln_f"],
      projections: [
        .queryKeyValue: "attn.c_attn", .output: "attn.c_proj", .up: "mlp.c_fc",
        .down: "mlp.c_proj",
      ]),
    norm: .layer(hasBias: true),
    biases: [BiasRule(isThere: .always, projections: [.queryKeyValue, .output, .up, .down])],
    storesTransposed: true,
    rotary: nil,
    scales: ScaleRule(
      attention: .optional(
        scaled: "scale_attn_weights", byLayer: "scale_attn_by_inverse_layer_idx")),
    refusedOptions: ["add_cross_attention"])
}

extension Architecture {
  /// Gemma 2: x ← x + norm(attention(norm(x))), then x ← x + norm(mlp(norm(x))); every other layer sees a
  /// window, scores and logits are capped.
  ///
  /// Reference: <https://arxiv.org/abs/2408.00118>
  static let gemma2 = Architecture(
    modelType: "gemma2", className: "Gemma2ForCausalLM",
    defaults: Defaults(
      keyValueHeads: 4, headSize: 256, tiesEmbeddings: true, maximumPositions: 8192,
      activation: "gelu_pytorch_tanh"),
    keys: ConfigurationKeys(activation: "hidden_activation"),
    names: WeightNames(norms: gemma2Norms),
    norm: .rootMeanSquareOffset,
    biases: [.attention],
    windowRule: .allButEvery(period: 2, key: nil, ifMissing: 4096),
    scales: ScaleRule(
      embedding: .rootOfHiddenSize,
      attention: .inverseRootOfKey("query_pre_attn_scalar", ifMissing: 256),
      attentionCap: ScaleRule.Cap(key: "attn_logit_softcapping", ifMissing: 50),
      logitCap: ScaleRule.Cap(key: "final_logit_softcapping", ifMissing: 30)),
    refusedOptions: ["use_bidirectional_attention"])

  static let gemma2Norms: [NormPlace: String] = [
    .attentionInput: "input_layernorm", .attentionOutput: "post_attention_layernorm",
    .mlpInput: "pre_feedforward_layernorm", .mlpOutput: "post_feedforward_layernorm",
    .final: "norm",
  ]
}

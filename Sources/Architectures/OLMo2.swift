extension Architecture {
  /// OLMo 2: x ← x + norm(attention(x)), then x ← x + norm(mlp(x)); queries and keys are normalized over all
  /// heads together.
  ///
  /// Reference: <https://arxiv.org/abs/2501.00656>
  static let olmo2 = Architecture(
    modelType: "olmo2", className: "Olmo2ForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, maximumPositions: 2048),
    names: WeightNames(norms: [
      .attentionOutput: "post_attention_layernorm", .mlpOutput: "post_feedforward_layernorm",
      .final: "norm",
    ]),
    headNorms: HeadNormRule(
      isThere: .always, kind: .rootMeanSquare, extent: .allHeads,
      query: "self_attn.q_norm", key: "self_attn.k_norm"),
    biases: [.attention])
}

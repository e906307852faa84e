extension Architecture {
  /// Phi-1, Phi-1.5 and Phi-2: attention and a plain MLP side by side after one LayerNorm, biases
  /// everywhere, a part of each head rotates.
  ///
  /// Reference: <https://arxiv.org/abs/2309.05463>
  static let phi = Architecture(
    modelType: "phi", className: "PhiForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, maximumPositions: 2048, activation: "gelu_new"),
    keys: ConfigurationKeys(normEpsilon: "layer_norm_eps"),
    names: WeightNames(
      norms: [.attentionInput: "input_layernorm", .final: "final_layernorm"],
      projections: [
        .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
        .output: "self_attn.dense", .up: "mlp.fc1", .down: "mlp.fc2",
      ]),
    norm: .layer(hasBias: true),
    headNorms: HeadNormRule(
      isThere: .key("qk_layernorm", ifMissing: false), kind: .layer(hasBias: true), extent: .head,
      query: "self_attn.q_layernorm", key: "self_attn.k_layernorm"),
    residual: .parallel(.always, sharesNorm: true),
    biases: [
      BiasRule(isThere: .always, projections: [.query, .key, .value, .output, .up, .down])
    ],
    hasHeadBias: true,
    rotary: RotaryRule(fraction: RotaryRule.Fraction(ifMissing: 0.5)))
}

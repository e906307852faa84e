extension Architecture {
  /// GPT-NeoX and Pythia: attention and a plain MLP side by side, each after its own LayerNorm; query, key
  /// and value of a head lie together, and a part of each head rotates.
  ///
  /// Reference: <https://arxiv.org/abs/2204.06745>
  static let gptNeoX = Architecture(
    modelType: "gpt_neox", className: "GPTNeoXForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, maximumPositions: 2048, activation: "gelu"),
    keys: ConfigurationKeys(
      keyValueHeadCount: nil, headSize: nil, normEpsilon: "layer_norm_eps"),
    names: WeightNames(
      stem: "gpt_neox.", embedding: "embed_in",
      norms: [
        .attentionInput: "input_layernorm", .mlpInput: "post_attention_layernorm",
        .final: "final_layer_norm",
      ],
      projections: [
        .queryKeyValue: "attention.query_key_value", .output: "attention.dense",
        .up: "mlp.dense_h_to_4h", .down: "mlp.dense_4h_to_h",
      ],
      head: "embed_out", headAliases: ["lm_head"]),
    norm: .layer(hasBias: true),
    residual: .parallel(.key("use_parallel_residual", ifMissing: true), sharesNorm: false),
    biases: [
      BiasRule(
        isThere: .key("attention_bias", ifMissing: true), projections: [.queryKeyValue, .output]),
      BiasRule(isThere: .always, projections: [.up, .down]),
    ],
    queryKeyValueOrder: .perHead,
    rotary: RotaryRule(
      thetaKey: "rotary_emb_base",
      fraction: RotaryRule.Fraction(key: "rotary_pct", ifMissing: 0.25, roundsUp: true)))
}

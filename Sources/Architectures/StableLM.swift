extension Architecture {
  /// StableLM 2 and StableLM 3B: Llama blocks with LayerNorm, a part of each head rotates; the 12B models
  /// run attention and MLP side by side after one norm.
  ///
  /// Reference: <https://arxiv.org/abs/2402.17834>
  static let stableLM = Architecture(
    modelType: "stablelm", className: "StableLmForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, keyValueHeads: 32, maximumPositions: 4096),
    keys: ConfigurationKeys(headSize: nil, normEpsilon: "layer_norm_eps"),
    norm: .layer(hasBias: true),
    headNorms: HeadNormRule(
      isThere: .key("qk_layernorm", ifMissing: false), kind: .layer(hasBias: false),
      extent: .tensorPerHead, query: "self_attn.q_layernorm", key: "self_attn.k_layernorm"),
    residual: .parallel(.key("use_parallel_residual", ifMissing: false), sharesNorm: true),
    biases: [
      BiasRule(
        isThere: .key("use_qkv_bias", ifMissing: false), projections: [.query, .key, .value])
    ],
    rotary: RotaryRule(fraction: RotaryRule.Fraction(ifMissing: 0.25)))
}

extension Architecture {
  /// Command-R: attention and MLP side by side after one LayerNorm without bias; neighbouring dimensions
  /// rotate together.
  ///
  /// Reference: <https://huggingface.co/CohereForAI/c4ai-command-r-v01>
  static let cohere = Architecture(
    modelType: "cohere", className: "CohereForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, tiesEmbeddings: true, maximumPositions: 8192),
    keys: ConfigurationKeys(normEpsilon: "layer_norm_eps"),
    names: WeightNames(norms: [.attentionInput: "input_layernorm", .final: "norm"]),
    norm: .layer(hasBias: false),
    headNorms: HeadNormRule(
      isThere: .key("use_qk_norm", ifMissing: false), kind: .layer(hasBias: false),
      extent: .weightsPerHead, query: "self_attn.q_norm", key: "self_attn.k_norm"),
    residual: .parallel(.always, sharesNorm: true),
    biases: [.attention],
    rotary: RotaryRule(theta: 500_000, isInterleaved: true),
    scales: ScaleRule(logits: .key("logit_scale", ifMissing: 0.0625)))
}

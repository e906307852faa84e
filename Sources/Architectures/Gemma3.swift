extension Architecture {
  /// The language models of Gemma 3: Gemma 2's blocks with normalized query and key heads, without a cap on
  /// scores; all layers but every sixth see a window, and rotate faster than those that see everything.
  ///
  /// Reference: <https://arxiv.org/abs/2503.19786>
  static let gemma3 = Architecture(
    modelType: "gemma3_text", className: "Gemma3ForCausalLM",
    defaults: Defaults(
      keyValueHeads: 4, headSize: 256, tiesEmbeddings: true, maximumPositions: 131_072,
      activation: "gelu_pytorch_tanh", vocabularySize: 262_208, headCount: 8),
    keys: ConfigurationKeys(wrapperModelType: "gemma3", activation: "hidden_activation"),
    names: WeightNames(norms: gemma2Norms),
    norm: .rootMeanSquareOffset,
    headNorms: HeadNormRule(
      isThere: .always, kind: .rootMeanSquareOffset, extent: .head,
      query: "self_attn.q_norm", key: "self_attn.k_norm"),
    biases: [.attention],
    rotary: RotaryRule(
      theta: 1_000_000, windowed: RotaryRule.Windowed(key: "rope_local_base_freq", theta: 10_000)),
    windowRule: .allButEvery(period: 6, key: "sliding_window_pattern", ifMissing: 4096),
    scales: ScaleRule(
      embedding: .rootOfHiddenSize,
      attention: .inverseRootOfKey("query_pre_attn_scalar", ifMissing: 256),
      logitCap: ScaleRule.Cap(key: "final_logit_softcapping", ifMissing: nil)),
    refusedOptions: ["use_bidirectional_attention"])
}

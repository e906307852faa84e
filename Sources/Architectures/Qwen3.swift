extension Architecture {
  /// Qwen3 dense decoders: Llama blocks whose query and key heads are normalized before they rotate.
  ///
  /// Reference: <https://arxiv.org/abs/2505.09388>
  static let qwen3 = Architecture(
    modelType: "qwen3", className: "Qwen3ForCausalLM",
    defaults: Defaults(keyValueHeads: 32, headSize: 128, maximumPositions: 32_768),
    headNorms: HeadNormRule(
      isThere: .always, kind: .rootMeanSquare, extent: .head,
      query: "self_attn.q_norm", key: "self_attn.k_norm"),
    biases: [.attention],
    windowRule: .upperLayers(ifMissing: 4096, maxWindowLayersIfMissing: 28))
}

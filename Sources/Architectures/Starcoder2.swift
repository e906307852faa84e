extension Architecture {
  /// StarCoder 2: Llama blocks with LayerNorm, a plain MLP, and biases everywhere.
  ///
  /// Reference: <https://arxiv.org/abs/2402.19173>
  static let starcoder2 = Architecture(
    modelType: "starcoder2", className: "Starcoder2ForCausalLM",
    defaults: Defaults(
      normEpsilon: 1e-5, keyValueHeads: 2, tiesEmbeddings: true, maximumPositions: 4096,
      activation: "gelu_pytorch_tanh"),
    keys: ConfigurationKeys(normEpsilon: "norm_epsilon"),
    names: WeightNames(projections: [
      .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
      .output: "self_attn.o_proj", .up: "mlp.c_fc", .down: "mlp.c_proj",
    ]),
    norm: .layer(hasBias: true),
    biases: [
      BiasRule(
        isThere: .key("use_bias", ifMissing: true),
        projections: [.query, .key, .value, .output, .up, .down])
    ],
    windowRule: .everyLayer(ifMissing: nil))
}

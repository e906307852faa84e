extension Architecture {
  /// Gemma: Llama blocks whose norms weigh by 1 + w, over an embedding times √hidden.
  ///
  /// Reference: <https://arxiv.org/abs/2403.08295>
  static let gemma = Architecture(
    modelType: "gemma", className: "GemmaForCausalLM",
    defaults: Defaults(
      keyValueHeads: 16, headSize: 256, tiesEmbeddings: true, maximumPositions: 8192,
      activation: "gelu_pytorch_tanh"),
    // The first files say `gelu` and mean the approximation.
    keys: ConfigurationKeys(activationAliases: ["gelu": "gelu_pytorch_tanh"]),
    norm: .rootMeanSquareOffset,
    biases: [.attention],
    scales: ScaleRule(embedding: .rootOfHiddenSize),
    refusedOptions: ["use_bidirectional_attention"])
}

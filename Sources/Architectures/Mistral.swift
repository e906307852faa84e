extension Architecture {
  /// Mistral 7B, Nemo and Small: Llama blocks, in the first version with a window over positions.
  ///
  /// Reference: <https://arxiv.org/abs/2310.06825>
  static let mistral = Architecture(
    modelType: "mistral", className: "MistralForCausalLM",
    defaults: Defaults(keyValueHeads: 8, maximumPositions: 131_072),
    windowRule: .everyLayer(ifMissing: 4096))
}

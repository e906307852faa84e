extension Architecture {
  /// Phi-3, Phi-3.5 and Phi-4-mini: Llama blocks with fused matrices.
  ///
  /// Reference: <https://arxiv.org/abs/2404.14219>
  static let phi3 = Architecture(
    modelType: "phi3", className: "Phi3ForCausalLM",
    defaults: Defaults(normEpsilon: 1e-5, maximumPositions: 4096),
    names: WeightNames(projections: [
      .queryKeyValue: "self_attn.qkv_proj", .output: "self_attn.o_proj",
      .gateUp: "mlp.gate_up_proj", .down: "mlp.down_proj",
    ]),
    rotary: RotaryRule(
      fraction: RotaryRule.Fraction(ifMissing: 1, roundsUp: true), originalPositions: 4096,
      typeAliases: ["su": "longrope", "yarn": "longrope"], types: ["default", "longrope"]),
    windowRule: .everyLayer(ifMissing: nil))
}

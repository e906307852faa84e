/// Methods that relate models to their base by angles, distances and overlaps.
extension MethodDeclaration {
  public static let modelStock = MethodDeclaration(
    "model_stock", summary: "the models' mean, drawn towards base_model as their angles say",
    reference: "https://arxiv.org/abs/2403.19522",
    base: .required, inputs: .atLeast(3), missing: .baseOrSkip,
    parameters: [
      ParameterSpec(
        .filterWise, .boolean, .shared, default: .boolean(false),
        summary: "whether every row has an angle of its own; else every tensor")
    ])

  public static let nearswap = MethodDeclaration(
    "nearswap", summary: "base_model, drawn to another model where the two nearly agree",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .required, inputs: .exactly(2), missing: .baseSingletonPasses,
    parameters: [
      ParameterSpec(
        .t, .real, .shared, default: nil, isRequired: true, suggested: 1e-6...1e-2,
        summary: "difference up to which a weight is replaced")
    ])

  public static let sce = MethodDeclaration(
    "sce", summary: "differences of high variance between the models that agree in sign",
    reference: "https://arxiv.org/abs/2408.07990",
    base: .required, inputs: .atLeast(1),
    parameters: [
      ParameterSpec(
        .selectTopK, .real, .shared, default: .real(1), valid: 0...1, suggested: 0.1...1,
        isVaried: true,
        summary: "fraction of the elements that differ between models that is kept"),
      .int8Mask,
    ])

  public static let arceeFusion = MethodDeclaration(
    "arcee_fusion", summary: "base_model, with another model's weights where they matter most",
    reference: "https://github.com/arcee-ai/mergekit",
    base: .required, inputs: .exactly(2), missing: .singletonPasses, parameters: [])

  public static let ram = MethodDeclaration(
    "ram", summary: "differences of one model as they are, differences of several averaged",
    reference: "https://arxiv.org/abs/2601.13572",
    base: .required, inputs: .atLeast(1), parameters: [activity])

  public static let ramPlusTL = MethodDeclaration(
    "ramplus_tl",
    summary: "as ram, with differences of one model enlarged as far as the model overlaps others",
    reference: "https://arxiv.org/abs/2601.13572",
    base: .required, inputs: .atLeast(1),
    parameters: [
      ParameterSpec(
        .r, .real, .shared, default: .real(0.1), suggested: 0...1, isVaried: true,
        summary: "strength of the enlargement"),
      ParameterSpec(
        .alpha, .real, .shared, default: .real(0.2), suggested: 0...1,
        summary: "most that a model's overlap counts"),
      activity,
    ])

  private static let activity = ParameterSpec(
    .epsilon, .real, .shared, default: .real(1e-5), valid: 0...1, suggested: 1e-6...1e-3,
    summary: "differences up to this magnitude count as none")
}

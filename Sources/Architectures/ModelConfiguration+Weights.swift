import Tensors

extension ModelConfiguration {
  /// All weights of the model in the order of the computation: embedding, layers, final norm, head.
  ///
  /// A tied model has no head of its own.
  public var weights: [WeightSpec] {
    var specs = [
      spec(
        "model.embed_tokens.weight", [vocabularySize, hiddenSize], .embedding, .embedding, .before,
        tiedNames: tiesEmbeddings ? [Self.headName] : [], vocabularyAxis: 0)
    ]
    for layer in 0..<layerCount { specs += weights(ofLayer: layer) }
    specs.append(spec("model.norm.weight", [hiddenSize], .finalNorm, .finalNorm, .after))
    if !tiesEmbeddings {
      specs.append(
        spec(Self.headName, [vocabularySize, hiddenSize], .head, .head, .after, vocabularyAxis: 0))
    }
    return specs
  }

  /// The weights of one layer, in the order of the computation.
  public func weights(ofLayer layer: Int) -> [WeightSpec] {
    let prefix = "model.layers.\(layer)."
    func norm(_ name: String, _ part: WeightPart) -> WeightSpec {
      spec(prefix + name + ".weight", [hiddenSize], .norms, part, .layer(layer))
    }
    func projection(_ projection: Projection) -> [WeightSpec] {
      let name = prefix + projection.rawValue
      let (out, input) = size(of: projection)
      let matrix = spec(
        name + ".weight", [out, input], projection.role, .matrix(projection), .layer(layer))
      guard biasedProjections.contains(projection) else { return [matrix] }
      return [
        matrix, spec(name + ".bias", [out], projection.role, .bias(projection), .layer(layer)),
      ]
    }
    return [norm("input_layernorm", .attentionNorm)]
      + [.query, .key, .value, .output].flatMap(projection)
      + [norm("post_attention_layernorm", .mlpNorm)]
      + [.gate, .up, .down].flatMap(projection)
  }

  /// Output and input size of a projection.
  public func size(of projection: Projection) -> (out: Int, in: Int) {
    switch projection {
    case .query: (headCount * headSize, hiddenSize)
    case .key, .value: (keyValueHeadCount * headSize, hiddenSize)
    case .output: (hiddenSize, headCount * headSize)
    case .gate, .up: (intermediateSize, hiddenSize)
    case .down: (hiddenSize, intermediateSize)
    }
  }

  private static let headName = "lm_head.weight"

  private func spec(
    _ name: TensorName, _ dimensions: [Int], _ role: WeightRole, _ part: WeightPart,
    _ position: WeightPosition, tiedNames: [TensorName] = [], vocabularyAxis: Int? = nil
  ) -> WeightSpec {
    WeightSpec(
      name: name, shape: Shape(dimensions), role: role, part: part, position: position,
      isOptional: false, tiedNames: tiedNames, vocabularyAxis: vocabularyAxis,
      aliases: Self.aliases(of: name))
  }

  /// Base-model checkpoints lack the prefix; multimodal ones nest the language model under another.
  private static func aliases(of name: TensorName) -> [TensorName] {
    guard name.hasPrefix("model.") else { return ["language_model." + name] }
    let bare = String(name.dropFirst("model.".count))
    return [bare, "language_model." + name, "model.language_model." + bare]
  }
}

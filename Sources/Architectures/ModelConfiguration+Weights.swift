public import Tensors

extension ModelConfiguration {
  private var names: WeightNames { architecture.names }

  /// All weights of the model in the order of the computation: embedding, layers, final norm, head.
  ///
  /// A tied model has no head of its own.
  public var weights: [WeightSpec] {
    var specs = [
      spec(
        names.stem + names.embedding + ".weight", [vocabularySize, hiddenSize], .embedding,
        .embedding, .before,
        tiedNames: tiesEmbeddings ? [headName] + names.headAliases.map { $0 + ".weight" } : [],
        vocabularyAxis: 0)
    ]
    if let positions = names.positions {
      specs.append(
        spec(
          names.stem + positions + ".weight", [maximumPositions, hiddenSize], .embedding,
          .positions, .before))
    }
    for layer in 0..<layerCount { specs += weights(ofLayer: layer) }
    let end: WeightPosition = architecture.isInferredByMergekit ? .before : .after
    specs += norm(.final, prefix: names.stem, role: .finalNorm, at: end)
    if !tiesEmbeddings {
      specs.append(
        spec(headName, [vocabularySize, hiddenSize], .head, .head, end, vocabularyAxis: 0))
    }
    if architecture.hasHeadBias {
      specs.append(
        spec(
          names.head + ".bias", [vocabularySize], .head, .headBias, end, vocabularyAxis: 0))
    }
    return specs
  }

  /// The weights of one layer, in the order of the computation.
  public func weights(ofLayer layer: Int) -> [WeightSpec] {
    let prefix = "\(names.stem)\(names.layers).\(layer)."
    func norms(_ place: NormPlace) -> [WeightSpec] {
      norm(place, prefix: prefix, role: .norms, at: .layer(layer))
    }
    func matrices(_ projections: [Projection]) -> [WeightSpec] {
      projections.flatMap { matrix($0, prefix: prefix, layer: layer) }
    }
    return norms(.attentionInput)
      + matrices([.query, .key, .value, .queryKeyValue])
      + headNorms(prefix: prefix, layer: layer)
      + matrices([.output])
      + norms(.attentionOutput) + norms(.mlpInput)
      + matrices([.gate, .up, .gateUp, .down])
      + norms(.mlpOutput)
  }

  /// Output and input size of a projection.
  public func size(of projection: Projection) -> (out: Int, in: Int) {
    switch projection {
    case .query: (headCount * headSize, hiddenSize)
    case .key, .value: (keyValueHeadCount * headSize, hiddenSize)
    case .queryKeyValue: ((headCount + 2 * keyValueHeadCount) * headSize, hiddenSize)
    case .output: (hiddenSize, headCount * headSize)
    case .gate, .up: (intermediateSize, hiddenSize)
    case .gateUp: (2 * intermediateSize, hiddenSize)
    case .down: (hiddenSize, intermediateSize)
    }
  }

  /// The MLP multiplies one projection with the activation of another.
  public var hasGate: Bool { projections.contains { $0 == .gate || $0 == .gateUp } }

  /// The tensor of a head that is not tied.
  public var headName: TensorName { names.head + ".weight" }

  private func matrix(_ projection: Projection, prefix: String, layer: Int) -> [WeightSpec] {
    guard let name = names.projections[projection] else { return [] }
    let (out, input) = size(of: projection)
    let matrix = spec(
      prefix + name + ".weight", architecture.storesTransposed ? [input, out] : [out, input],
      projection.role, .matrix(projection), .layer(layer))
    guard biasedProjections.contains(projection) else { return [matrix] }
    return [
      matrix,
      spec(prefix + name + ".bias", [out], projection.role, .bias(projection), .layer(layer)),
    ]
  }

  private func norm(
    _ place: NormPlace, prefix: String, role: WeightRole, at position: WeightPosition
  ) -> [WeightSpec] {
    guard normPlaces.contains(place), let name = names.norms[place] else { return [] }
    let weight = spec(prefix + name + ".weight", [hiddenSize], role, .norm(place), position)
    guard architecture.norm.hasBias else { return [weight] }
    return [weight, spec(prefix + name + ".bias", [hiddenSize], role, .normBias(place), position)]
  }

  /// Norms of queries and keys belong to the attention, as their names say.
  private func headNorms(prefix: String, layer: Int) -> [WeightSpec] {
    guard let rule = architecture.headNorms, headNorm != nil else { return [] }
    let sides = [
      (NormPlace.query, rule.query, headCount), (NormPlace.key, rule.key, keyValueHeadCount),
    ]
    return sides.flatMap { place, name, heads -> [WeightSpec] in
      func weight(_ name: String, _ dimensions: [Int], _ part: WeightPart) -> WeightSpec {
        spec(prefix + name, dimensions, .attention, part, .layer(layer))
      }
      switch rule.extent {
      case .head, .weightsPerHead, .allHeads:
        let dimensions =
          switch rule.extent {
          case .allHeads: [heads * headSize]
          case .weightsPerHead: [heads, headSize]
          case .head, .tensorPerHead: [headSize]
          }
        let scale = weight(name + ".weight", dimensions, .norm(place))
        return rule.kind.hasBias
          ? [scale, weight(name + ".bias", dimensions, .normBias(place))] : [scale]
      case .tensorPerHead:
        return (0..<heads).map {
          weight("\(name).norms.\($0).weight", [headSize], .headNorm(place, head: $0))
        }
      }
    }
  }

  private func spec(
    _ name: TensorName, _ dimensions: [Int], _ role: WeightRole, _ part: WeightPart,
    _ position: WeightPosition, tiedNames: [TensorName] = [], vocabularyAxis: Int? = nil
  ) -> WeightSpec {
    WeightSpec(
      name: name, shape: Shape(dimensions), role: role, part: part, position: position,
      isOptional: false, tiedNames: tiedNames, vocabularyAxis: vocabularyAxis,
      aliases: aliases(of: name))
  }

  /// Base-model checkpoints lack the prefix; multimodal ones nest the language model under another.
  private func aliases(of name: TensorName) -> [TensorName] {
    let stem = names.stem
    guard name.hasPrefix(stem) else {
      let others = name == headName ? names.headAliases.map { $0 + ".weight" } : []
      return others + ["language_model." + name]
    }
    let bare = String(name.dropFirst(stem.count))
    return [bare, "language_model." + name, stem + "language_model." + bare]
  }
}

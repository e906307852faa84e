public import Diagnostics

/// How the output's layers come from the inputs, once the models' depths are known.
public struct RecipeLayout: Sendable {
  /// A model in a slice, with the layers that it gives.
  public struct Input: Hashable, Sendable {
    public let model: ModelReference
    public let layers: Range<Int>
    /// Strongest first: input, slice, module, document.
    let levels: [ParameterSettings]
  }

  /// Consecutive output layers with the same inputs.
  public struct Slice: Hashable, Sendable {
    /// In recipe order; an unlisted base model is the last.
    public let inputs: [Input]
    /// Index of the base among the inputs; nil if there is none or the method ignores it.
    public let base: Int?
    /// The recipe's `base_model` for these layers, whatever it is to the method.
    public let declaredBase: ModelReference?
    public let outputLayers: Range<Int>
    /// Strongest first: slice, module, document.
    let levels: [ParameterSettings]
  }

  public let method: MethodDeclaration
  /// In the order of the output's layers; never empty.
  public let slices: [Slice]
  let location: String

  /// Layers of the output.
  public var layerCount: Int { slices.last?.outputLayers.upperBound ?? 0 }

  /// - Parameters:
  ///   - recipe: The recipe.
  ///   - location: What messages put first; see ``RecipeDocument/location(ofStage:)``.
  ///   - layerCount: The number of layers of a model.
  /// - Throws: ``Diagnostic`` if ranges exceed a model or models differ in depth.
  public init(
    _ recipe: Recipe, location: String,
    layerCount: (ModelReference) throws(Diagnostic) -> Int
  ) throws(Diagnostic) {
    method = recipe.method
    self.location = location
    var slices: [Slice] = []
    for (index, list) in recipe.inputLists.enumerated() {
      var inputs: [Input] = []
      for (position, model) in list.models.enumerated() {
        let available = try layerCount(model)
        let layers: Range<Int>
        switch recipe.assembly {
        case .models: layers = 0..<available
        case .slices(let slices):
          layers = slices[index].sources[position].layers
          guard layers.upperBound <= available else {
            throw Diagnostic(
              "layer_range [\(layers.lowerBound), \(layers.upperBound)] exceeds the "
                + "\(available) layers of '\(model)'",
              at: "\(location): \(list.place).sources[\(position)].layer_range",
              fix: "end the range at \(available) or before")
          }
        }
        inputs.append(Input(model: model, layers: layers, levels: list.levels[position]))
      }
      try Self.checkDepths(inputs, at: "\(location): \(list.place)")
      let start = slices.last?.outputLayers.upperBound ?? 0
      slices.append(
        Slice(
          inputs: inputs,
          base: method.base == .ignored
            ? nil : list.base.flatMap { base in inputs.firstIndex { $0.model == base } },
          declaredBase: list.base,
          outputLayers: start..<(start + (inputs.first?.layers.count ?? 0)),
          levels: list.sharedLevels))
    }
    self.slices = slices
  }

  private static func checkDepths(_ inputs: [Input], at place: String) throws(Diagnostic) {
    guard let first = inputs.first,
      let other = inputs.first(where: { $0.layers.count != first.layers.count })
    else { return }
    throw Diagnostic(
      "models have different numbers of layers: '\(first.model)' has \(first.layers.count), "
        + "'\(other.model)' has \(other.layers.count)",
      at: place, fix: "use 'slices' with a layer_range of equal length for each model")
  }
}

extension RecipeLayout {
  /// Where a tensor stands in a model.
  public enum Place: Hashable, Sendable {
    /// Before the layers: embeddings.
    case before
    /// In an output layer.
    case layer(Int)
    /// After the layers: final norm, head.
    case after
  }

  /// What the recipe says about all tensors of one place.
  public struct Site: Hashable, Sendable {
    public struct Input: Hashable, Sendable {
      public let model: ModelReference
      /// The model's own layer; nil outside of the layers.
      public let layer: Int?
    }

    /// In recipe order.
    public let inputs: [Input]
    /// Index of the base among the inputs; nil if there is none or the method ignores it.
    public let base: Int?
    /// Index of the slice.
    public let slice: Int
    /// Depth within the slice, 0...1, at which gradients are read.
    public let depth: Double
  }

  /// Embeddings follow the first slice, final norm and head the last, both with gradients at depth 0.
  ///
  /// After the layers, mergekit pairs the last slice's models with as many inputs as the first slice
  /// has, and so do we: surplus models drop out.
  /// - Precondition: A layer is in `0..<layerCount`.
  public func site(of place: Place) -> Site {
    switch place {
    case .before: return outside(slice: 0, limit: .max)
    case .after: return outside(slice: slices.count - 1, limit: slices[0].inputs.count)
    case .layer(let layer):
      guard let index = slices.firstIndex(where: { $0.outputLayers.contains(layer) }) else {
        preconditionFailure("layer \(layer) of \(layerCount)")
      }
      let slice = slices[index]
      let offset = layer - slice.outputLayers.lowerBound
      let count = slice.outputLayers.count
      return Site(
        inputs: slice.inputs.map {
          Site.Input(model: $0.model, layer: $0.layers.lowerBound + offset)
        },
        base: slice.base, slice: index,
        depth: count == 1 ? 1 : Double(offset) / Double(count - 1))
    }
  }

  private func outside(slice index: Int, limit: Int) -> Site {
    let slice = slices[index]
    let inputs = slice.inputs.prefix(limit).map { Site.Input(model: $0.model, layer: nil) }
    let base = slice.base.flatMap { $0 < inputs.count ? $0 : nil }
    return Site(inputs: inputs, base: base, slice: index, depth: 0)
  }
}

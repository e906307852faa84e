import Architectures
import Checkpoints
import Diagnostics
import Documents
import MergeMethods
import Recipes
import Tensors

/// Works out what one stage of a document does to each tensor.
struct StagePlanner {
  let recipe: Recipe
  let location: String
  let models: [ModelReference: StageModel]
  /// Checkpoints behind this stage and those that it uses.
  let openModels: [OpenModel]
  let donor: StageModel
  let layout: RecipeLayout
  /// Where the rows of the vocabulary are; nil if they are in place.
  let vocabulary: VocabularyAlignment?
  /// Rows to which embeddings and head are cut; nil if they are not.
  let truncation: Int?
  let tokenizer: ModelTokenizer
  let notes: [String]
  let outputConfig: OutputConfig
  let configuration: ModelConfiguration
  private let statistics: StatisticsCache

  init(
    _ document: RecipeDocument, stage: Int, earlier: [Int: MergePlan], library: CheckpointLibrary,
    statistics: StatisticsCache, options: MergeOptions
  ) throws(Diagnostic) {
    let recipe = document.stages[stage]
    let location = document.location(ofStage: stage)
    self.recipe = recipe
    self.location = location
    self.statistics = statistics
    try Self.checkPrecision(recipe, at: location)
    let stageModels = StageModels(
      document: document, earlier: earlier, library: library, options: options)
    let opened = try stageModels.open(recipe, at: location)
    (models, openModels, donor) = (opened.models, opened.checkpoints, opened.donor)
    let models = opened.models
    layout = try RecipeLayout(recipe, location: location) { reference throws(Diagnostic) in
      guard let model = models[reference] else {
        preconditionFailure("model '\(reference)' is not among those of its recipe")
      }
      return model.configuration.layerCount
    }
    try Self.checkDuplicates(layout, models, at: location)
    if let settings = recipe.tokenizer {
      let built = try stageModels.tokenizer(settings, donor: donor, recipe, models)
      (tokenizer, vocabulary, notes) = (built.tokenizer, built.alignment, built.notes)
      truncation = nil
    } else {
      (tokenizer, vocabulary) = (donor.tokenizer, nil)
      truncation = options.truncatesEmbeddings ? Self.smallestVocabulary(layout, models) : nil
      notes = Self.notes(truncation: truncation, donor)
    }
    outputConfig = OutputConfig(
      donor: donor, layout: layout,
      isTied: layout.site(of: .after).inputs.allSatisfy {
        models[$0.model]?.weights[WeightKey(.head, layer: nil)] == nil
      },
      vocabularySize: vocabulary?.rowCount ?? truncation)
    configuration = try ModelConfiguration(
      config: outputConfig.document, location: donor.source.config.location)
  }

  /// The output's `config.json`, given the tensors that are written.
  func config(of tensors: [TensorDescription]) -> ConfigFile {
    ConfigFile(
      location: donor.source.config.location, document: outputConfig.document(for: tensors))
  }
}

// MARK: Checks

extension StagePlanner {
  /// References that differ may still mean one folder.
  private static func checkDuplicates(
    _ layout: RecipeLayout, _ models: [ModelReference: StageModel], at location: String
  ) throws(Diagnostic) {
    for slice in layout.slices {
      var seen: [Int: ModelReference] = [:]
      for reference in slice.inputs.map(\.model) {
        guard let number = models[reference]?.number else { continue }
        if let other = seen.updateValue(reference, forKey: number) {
          throw Diagnostic(
            "models '\(other)' and '\(reference)' are the same folder", at: location,
            fix: "list each model of a slice once")
        }
      }
    }
  }

  private static func checkPrecision(_ recipe: Recipe, at location: String) throws(Diagnostic) {
    for (key, dtype) in [("dtype", recipe.dtype), ("out_dtype", recipe.outDType)]
    where dtype == .f64 {
      throw Diagnostic(
        "\(key) float64 is not supported: merges are computed in single precision", at: location,
        fix: "use float32")
    }
  }

  /// Rows of the smallest embedding or head that is merged.
  private static func smallestVocabulary(
    _ layout: RecipeLayout, _ models: [ModelReference: StageModel]
  ) -> Int? {
    [RecipeLayout.Place.before, .after].flatMap { layout.site(of: $0).inputs }
      .compactMap { models[$0.model]?.configuration.vocabularySize }.min()
  }

  private static func notes(truncation: Int?, _ donor: StageModel) -> [String] {
    guard let truncation, truncation < donor.configuration.vocabularySize else { return [] }
    return [
      "embeddings and head are cut to the first \(truncation) rows; the tokenizer may still have "
        + "tokens beyond"
    ]
  }
}

// MARK: Tensors

extension StagePlanner {
  /// The output's tensors in the order of the computation.
  func merges() throws(Diagnostic) -> [(key: WeightKey, merge: TensorMerge)] {
    var merges: [(key: WeightKey, merge: TensorMerge)] = []
    for spec in configuration.weights {
      if let merge = try merge(spec) { merges.append((WeightKey(spec), merge)) }
    }
    return merges
  }

  /// An input of the site that has the tensor.
  private struct Present {
    let model: StageModel
    let weight: StoredWeight
    /// Among the inputs of the slice other than the base; nil for the base.
    let position: Int?
  }

  private func merge(_ spec: WeightSpec) throws(Diagnostic) -> TensorMerge? {
    let place: RecipeLayout.Place =
      switch spec.position {
      case .before: .before
      case .layer(let layer): .layer(layer)
      case .after: .after
      }
    let site = layout.site(of: place)
    var names: [TensorName?] = []
    var present: [Present] = []
    for (index, input) in site.inputs.enumerated() {
      guard let model = models[input.model] else { continue }
      let weight = model.weight(WeightKey(spec.part, layer: input.layer))
      if weight == nil, !spec.isOptional {
        throw Diagnostic(
          "model '\(input.model)' has no tensor for '\(spec.name)' of the output", at: location,
          fix: "merge models with the same options in config.json (such as attention_bias)")
      }
      names.append(weight?.name)
      guard let weight else { continue }
      let position = index == site.base ? nil : index - (site.base.map { $0 < index ? 1 : 0 } ?? 0)
      present.append(Present(model: model, weight: weight, position: position))
    }
    let isPartial = present.count < site.inputs.count
    guard !present.isEmpty, let work = try work(spec, site, names, present, isPartial: isPartial)
    else { return nil }
    return TensorMerge(
      try description(spec, present), work,
      inputs: try inputs(spec, present, base: layout.slices[site.slice].declaredBase),
      statistics: statistics)
  }

  /// What is done with the inputs; nil if the tensor is left out.
  private func work(
    _ spec: WeightSpec, _ site: RecipeLayout.Site, _ names: [TensorName?], _ present: [Present],
    isPartial: Bool
  ) throws(Diagnostic) -> TensorMerge.Work? {
    if isPartial {
      let hasBase = present.contains { $0.position == nil }
      let onlyBase = present.count == 1 && hasBase
      let isAllowed = layout.method.allows(inputs: present.count, withBase: hasBase)
      switch layout.method.missing {
      case .singletonPasses where present.count == 1: return .copy
      case .baseSingletonPasses where onlyBase: return .copy
      case .baseOrSkip where !isAllowed:
        return onlyBase ? .copy : nil
      default:
        guard isAllowed, site.base == nil || hasBase else {
          throw Diagnostic(
            "only \(present.count) of \(site.inputs.count) models have tensor '\(spec.name)'",
            at: location, fix: "merge models that all have it")
        }
      }
    }
    let values = try layout.values(at: site, output: spec.name, inputs: names)
    let mergeSite = MergeSite(
      tensor: spec.name, shape: spec.shape, positions: present.map(\.position),
      maskSeed: recipe.maskSeed)
    let method = try mergeMethods.entry(named: layout.method.name, at: location)
    return .method(try method.init(values, for: mergeSite))
  }

  private func description(
    _ spec: WeightSpec, _ present: [Present]
  ) throws(Diagnostic) -> TensorDescription {
    let isAligned = vocabulary != nil && spec.vocabularyAxis != nil
    if !isAligned { try checkShapes(spec, present) }
    for input in present where input.weight.stored.dtype == .f64 {
      throw Diagnostic(
        "tensor '\(input.weight.stored.name)' is stored as F64", at: "\(input.model.reference)",
        fix: "convert the checkpoint to F32, BF16 or F16")
    }
    return TensorDescription(
      name: spec.name,
      dtype: recipe.outDType ?? recipe.dtype ?? Self.promoted(present.map(\.weight.stored.dtype)),
      shape: spec.shape)
  }

  private func checkShapes(_ spec: WeightSpec, _ present: [Present]) throws(Diagnostic) {
    let first = present[0]
    let shape = compared(first.weight.stored.shape, spec)
    let vocabularyFix =
      "align the vocabularies with 'tokenizer_source: base', or merge models of one vocabulary"
    let fix = spec.vocabularyAxis == nil ? "merge models of one size" : vocabularyFix
    for other in present.dropFirst() where compared(other.weight.stored.shape, spec) != shape {
      throw Diagnostic(
        "tensor '\(spec.name)' has shape \(shape) in '\(first.model.reference)' and "
          + "\(other.weight.stored.shape) in '\(other.model.reference)'", at: location, fix: fix)
    }
    guard shape == spec.shape else {
      throw Diagnostic(
        "tensor '\(spec.name)' has shape \(shape) in '\(first.model.reference)', but "
          + "\(spec.shape) in '\(donor.reference)', which gives the output's config.json",
        at: location, fix: fix)
    }
  }

  /// The shape that is merged: that of the vocabulary's first rows, if the others are cut off.
  private func compared(_ shape: Shape, _ spec: WeightSpec) -> Shape {
    guard let truncation, spec.vocabularyAxis == 0, let rows = shape.dimensions.first,
      rows > truncation
    else { return shape }
    return Shape([truncation] + shape.dimensions.dropFirst())
  }

  /// Equal dtypes stay; unequal ones become F32.
  private static func promoted(_ dtypes: [DType]) -> DType {
    dtypes.allSatisfy { $0 == dtypes[0] } ? dtypes[0] : .f32
  }

  private func inputs(
    _ spec: WeightSpec, _ present: [Present], base: ModelReference?
  ) throws(Diagnostic) -> TensorInputs {
    let aligned = spec.vocabularyAxis == nil ? nil : vocabulary
    let sources = present.map {
      AlignedRows.Source(
        reference: $0.model.reference, weights: $0.model.source, name: $0.weight.stored.name)
    }
    let width = spec.shape.elementCount / max(1, spec.shape.dimensions.first ?? 1)
    let dtype = recipe.dtype ?? Self.promoted(present.map(\.weight.stored.dtype))
    let inputs = try present.map { input throws(Diagnostic) in
      let stored = input.weight.stored
      let cast = recipe.dtype.flatMap { $0 == .f32 || $0 == stored.dtype ? nil : $0 }
      // What has been cut or put in another order is not the stored tensor.
      let isStored = aligned == nil && stored.shape == spec.shape
      return TensorInput(
        source: input.model.source, name: stored.name, dtype: stored.dtype, cast: cast,
        rows: try aligned.map { vocabulary throws(Diagnostic) in
          try AlignedRows(
            vocabulary, of: input.model.reference, among: sources, base: base, width: width,
            dtype: dtype, at: location)
        },
        identity: isStored
          ? input.model.number.map { InputIdentity(model: $0, tensor: stored.name, cast: cast) }
          : nil)
    }
    return TensorInputs(inputs: inputs, elementCount: spec.shape.elementCount)
  }
}

import Architectures
import Checkpoints
import Diagnostics
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
  let vocabulary: VocabularyAlignment?
  let tokenizerFolder: String
  let outputConfig: OutputConfig
  let configuration: ModelConfiguration
  private let statistics: StatisticsCache

  init(
    _ document: RecipeDocument, stage: Int, earlier: [Int: MergePlan], library: CheckpointLibrary,
    statistics: StatisticsCache
  ) throws(Diagnostic) {
    let recipe = document.stages[stage]
    let location = document.location(ofStage: stage)
    self.recipe = recipe
    self.location = location
    self.statistics = statistics
    var models: [ModelReference: StageModel] = [:]
    var open: [OpenModel] = []
    for reference in recipe.models {
      if let index = document.stage(for: reference), let plan = earlier[index] {
        models[reference] = StageModel(reference, plan)
        open += plan.models
      } else {
        let model = try library.model(
          reference, relativeTo: [Self.folder(of: document.location)])
        models[reference] = StageModel(reference, model)
        open.append(model)
      }
    }
    var seen: Set<Int> = []
    openModels = open.filter { seen.insert($0.number).inserted }
    self.models = models
    guard let donor = recipe.donor.flatMap({ models[$0] }) else {
      throw Diagnostic("names no model", at: location, fix: "list at least one model")
    }
    self.donor = donor
    try Self.checkArchitectures(recipe.models.compactMap { models[$0] }, at: location)
    try Self.checkPrecision(recipe, at: location)
    layout = try RecipeLayout(recipe, location: location) { reference throws(Diagnostic) in
      guard let model = models[reference] else {
        preconditionFailure("model '\(reference)' is not among those of its recipe")
      }
      return model.configuration.layerCount
    }
    try Self.checkDuplicates(layout, models, at: location)
    let tokenizerModel =
      if case .model(let reference) = recipe.tokenizerSource { models[reference] } else { donor }
    tokenizerFolder = (tokenizerModel ?? donor).tokenizerFolder
    vocabulary =
      if recipe.tokenizerSource != nil, let tokenizerModel {
        try library.alignment(to: tokenizerModel, of: recipe.models.compactMap { models[$0] })
      } else { nil }
    outputConfig = OutputConfig(
      donor: donor, layout: layout,
      isTied: layout.site(of: .after).inputs.allSatisfy {
        models[$0.model]?.weights[WeightKey(.head, layer: nil)] == nil
      },
      vocabularySize: vocabulary?.rowCount)
    configuration = try ModelConfiguration(
      config: outputConfig.document, location: donor.source.config.location)
  }

  var notes: [String] { vocabulary?.notes ?? [] }

  /// The output's `config.json`, given the tensors that are written.
  func config(of tensors: [TensorDescription]) -> ConfigFile {
    ConfigFile(
      location: donor.source.config.location, document: outputConfig.document(for: tensors))
  }

  /// The folder of the file that a location names; "" for the working directory.
  private static func folder(of location: String) -> String {
    guard let slash = location.lastIndex(of: "/") else { return "" }
    return slash == location.startIndex ? "/" : String(location[..<slash])
  }
}

// MARK: Checks

extension StagePlanner {
  private static func checkArchitectures(
    _ models: [StageModel], at location: String
  ) throws(Diagnostic) {
    guard let first = models.first else { return }
    let type = first.configuration.architecture.modelType
    for other in models where other.configuration.architecture.modelType != type {
      throw Diagnostic(
        "models have different architectures: '\(first.reference)' is \(type), "
          + "'\(other.reference)' is \(other.configuration.architecture.modelType)",
        at: location, fix: "merge models of one architecture")
    }
  }

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
      try description(spec, present), work, inputs: try inputs(spec, present),
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
    let promoted = Self.promoted(present.map(\.weight.stored.dtype))
    return TensorDescription(
      name: spec.name, dtype: recipe.outDType ?? recipe.dtype ?? promoted, shape: spec.shape)
  }

  private func checkShapes(_ spec: WeightSpec, _ present: [Present]) throws(Diagnostic) {
    let first = present[0]
    let shape = first.weight.stored.shape
    let vocabularyFix =
      "align the vocabularies with 'tokenizer_source: base', or merge models of one vocabulary"
    let fix = spec.vocabularyAxis == nil ? "merge models of one size" : vocabularyFix
    for other in present.dropFirst() where other.weight.stored.shape != shape {
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

  /// Equal dtypes stay; unequal ones become F32.
  private static func promoted(_ dtypes: [DType]) -> DType {
    dtypes.allSatisfy { $0 == dtypes[0] } ? dtypes[0] : .f32
  }

  private func inputs(
    _ spec: WeightSpec, _ present: [Present]
  ) throws(Diagnostic) -> TensorInputs {
    let aligned = spec.vocabularyAxis == nil ? nil : vocabulary
    let inputs = present.map { input in
      let stored = input.weight.stored
      let cast = recipe.dtype.flatMap { $0 == .f32 || $0 == stored.dtype ? nil : $0 }
      return TensorInput(
        source: input.model.source, name: stored.name, dtype: stored.dtype, cast: cast,
        rows: aligned.map { vocabulary in
          AlignedRows(
            vocabulary, of: input.model.reference,
            among: present.map { ($0.model.reference, $0.model.source, $0.weight.stored.name) },
            base: recipe.baseModel, width: spec.shape.elementCount / max(1, vocabulary.rowCount))
        },
        identity: aligned == nil
          ? input.model.number.map { InputIdentity(model: $0, tensor: stored.name, cast: cast) }
          : nil)
    }
    return TensorInputs(inputs: inputs, elementCount: spec.shape.elementCount)
  }
}

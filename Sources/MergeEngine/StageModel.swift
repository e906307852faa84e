import Architectures
import Checkpoints
import Diagnostics
import Recipes
import Tensors

/// A model as one stage of a recipe sees it: a checkpoint, or what another stage makes.
struct StageModel: Sendable {
  let reference: ModelReference
  let source: any WeightSource
  let configuration: ModelConfiguration
  let weights: [WeightKey: StoredWeight]
  /// Nil for stages, whose numbers belong to one candidate.
  let number: Int?
  let tokenizer: ModelTokenizer

  init(_ reference: ModelReference, _ model: OpenModel) {
    self.reference = reference
    source = model.source
    configuration = model.configuration
    weights = model.weights
    number = model.number
    tokenizer = ModelTokenizer(folder: model.checkpoint.path)
  }

  /// - Throws: ``Diagnostic`` if the adapter does not fit the stage.
  init(
    _ reference: ModelReference, _ stage: MergePlan, _ reading: ModelReading
  ) throws(Diagnostic) {
    self.reference = reference
    (source, weights) = try reading.apply(
      to: stage, config: stage.config, stage.configuration, stage.weights)
    configuration = stage.configuration
    number = nil
    tokenizer = stage.tokenizer
  }

  /// The tensor that serves as the weight; a tied model's head is its embedding.
  func weight(_ key: WeightKey) -> StoredWeight? {
    if let weight = weights[key] { return weight }
    guard key.part == .head, let embedding = weights[WeightKey(.embedding, layer: nil)] else {
      return nil
    }
    return StoredWeight(name: configuration.headName, stored: embedding.stored)
  }
}

import Architectures
import Checkpoints
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
  /// Folder with the tokenizer's files.
  let tokenizerFolder: String

  init(_ reference: ModelReference, _ model: OpenModel) {
    self.reference = reference
    source = model.checkpoint
    configuration = model.configuration
    weights = model.weights
    number = model.number
    tokenizerFolder = model.checkpoint.path
  }

  init(_ reference: ModelReference, _ stage: MergePlan) {
    self.reference = reference
    source = stage
    configuration = stage.configuration
    weights = stage.weights
    number = nil
    tokenizerFolder = stage.tokenizerFolder
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

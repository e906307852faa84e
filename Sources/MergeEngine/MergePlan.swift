public import Architectures
public import Checkpoints
public import Diagnostics
public import Kernels
public import Recipes
public import Tensors

/// The weights that a recipe means, merged on demand.
///
/// Building a plan reads no weights. Reading a range of a tensor reads the same range of the inputs, so
/// memory stays bounded whatever the size of the models; stages of a document of several are planned on
/// each other in the same way. Safe to read from many threads.
public final class MergePlan: WeightSource {
  public let document: RecipeDocument
  public let config: ConfigFile
  public let configuration: ModelConfiguration
  public let tensorNames: [TensorName]
  /// The tokenizer that goes with the weights.
  public let tokenizer: ModelTokenizer
  /// The checkpoints that are read, each once.
  public let models: [OpenModel]
  /// What a user should know about the result, such as tokens without an embedding.
  public let notes: [String]
  let weights: [WeightKey: StoredWeight]
  private let tensors: [TensorName: TensorMerge]

  /// Plans the output of a recipe document.
  ///
  /// - Parameters:
  ///   - document: One recipe or several stages.
  ///   - library: Opens the models; shared by all plans of a run.
  ///   - statistics: Remembers what input tensors have been asked; shared likewise.
  ///   - options: What the recipe does not say.
  /// - Returns: The plan of the stage that makes the output.
  /// - Throws: ``Diagnostic`` if a model cannot be opened, or models, recipe and tensors do not go together.
  public static func build(
    _ document: RecipeDocument, library: CheckpointLibrary, statistics: StatisticsCache,
    options: MergeOptions = MergeOptions()
  ) throws(Diagnostic) -> MergePlan {
    var stages: [Int: MergePlan] = [:]
    for index in document.order {
      stages[index] = try MergePlan(
        document, stage: index, earlier: stages, library: library, statistics: statistics,
        options: options)
    }
    guard let plan = stages[document.outputIndex] else {
      preconditionFailure("stage \(document.outputIndex) is not among \(document.order)")
    }
    return plan
  }

  private init(
    _ document: RecipeDocument, stage: Int, earlier: [Int: MergePlan], library: CheckpointLibrary,
    statistics: StatisticsCache, options: MergeOptions
  ) throws(Diagnostic) {
    let planner = try StagePlanner(
      document, stage: stage, earlier: earlier, library: library, statistics: statistics,
      options: options)
    let merges = try planner.merges()
    self.document = document
    config = planner.config(of: merges.map(\.merge.description))
    configuration = planner.configuration
    tensorNames = merges.map(\.merge.description.name)
    tokenizer = planner.tokenizer
    models = planner.openModels
    notes = planner.notes
    weights = Dictionary(
      uniqueKeysWithValues: merges.map { key, merge in
        (key, StoredWeight(name: merge.description.name, stored: merge.description))
      })
    tensors = Dictionary(uniqueKeysWithValues: merges.map { ($0.merge.description.name, $0.merge) })
  }

  /// Folder of the model whose tokenizer's files the result has.
  public var tokenizerFolder: String { tokenizer.folder }

  /// The recipe as text, for the model card.
  public var recipeText: String { document.yaml }

  /// Refuses inputs with NaN or infinities; every tensor of a library is scanned once.
  ///
  /// - Throws: ``Diagnostic`` that names tensor and count; `CancellationError`.
  public func checkFinite(on pool: WorkerPool) throws {
    for model in models { try model.checkFinite(on: pool) }
  }

  public func description(of name: TensorName) -> TensorDescription? {
    tensors[name]?.description
  }

  public func prepare(_ name: TensorName, on pool: WorkerPool) throws {
    try tensor(name).prepare(on: pool)
  }

  public func expect(_ use: WeightUse, of name: TensorName) { tensors[name]?.inputs.expect(use) }

  public func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    precondition(
      destination.count == elements.count, "\(destination.count) != \(elements.count)")
    try tensor(name, having: elements).read(elements: elements, into: &destination)
  }

  public func store(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<UInt8>
  ) throws {
    try tensor(name, having: elements).store(elements: elements, into: &destination)
  }

  private func tensor(
    _ name: TensorName, having elements: Range<Int>
  ) throws(Diagnostic) -> TensorMerge {
    let tensor = try tensor(name)
    let count = tensor.description.shape.elementCount
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= count, "\(elements) of \(count) elements")
    return tensor
  }

  private func tensor(_ name: TensorName) throws(Diagnostic) -> TensorMerge {
    guard let tensor = tensors[name] else {
      throw Diagnostic(
        "the merged model has no tensor '\(name)'", at: document.location,
        fix: "ask for a tensor of the models' architecture")
    }
    return tensor
  }
}

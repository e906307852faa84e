import Checkpoints
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport

/// A plan for recipe text whose models are folders in `folder`.
func plan(
  _ recipe: String, in folder: String, location: String = "recipe.yaml",
  statistics: StatisticsCache = StatisticsCache()
) throws -> MergePlan {
  try MergePlan.build(
    RecipeDocument.parse(text: recipe, location: location),
    library: CheckpointLibrary(folders: [folder]), statistics: statistics)
}

/// All elements of a tensor.
func values(
  _ name: TensorName, of source: some WeightSource, cut: Int = .max, pool: WorkerPool? = nil
) throws -> [Float] {
  guard let description = source.description(of: name) else {
    throw Diagnostic("no tensor '\(name)'", at: "test", fix: "")
  }
  if let pool { try source.prepare(name, on: pool) }
  let count = description.shape.elementCount
  var result = [Float](repeating: .nan, count: count)
  var span = result.mutableSpan
  for start in stride(from: 0, to: count, by: min(cut, max(1, count))) {
    let elements = start..<min(count, start + min(cut, count))
    var part = span._mutatingExtracting(elements)
    try source.read(name, elements: elements, into: &part)
  }
  return result
}

/// All tensors of a source.
func tensors(of source: some WeightSource) throws -> [TensorName: [Float]] {
  var result: [TensorName: [Float]] = [:]
  for name in source.tensorNames { result[name] = try values(name, of: source) }
  return result
}

/// One golden merge: the recipe, and what mergekit made of it.
struct GoldenMerge: Sendable, CustomStringConvertible {
  let id: String
  let facts: JSONValue

  static let folder = Golden.path("merges")

  init(_ id: String) throws(Diagnostic) {
    self.id = id
    facts = try JSONValue.read(path: "\(Self.folder)/expected/\(id).json")
  }

  var description: String { id }

  /// The folder of the models that the recipe names.
  var models: String { "\(Self.folder)/\(facts["models_dir"]?.string ?? "")" }

  var document: RecipeDocument {
    get throws(Diagnostic) {
      try RecipeDocument.read(path: Golden.path("../RecipesTests/Golden/merges/\(id).yaml"))
    }
  }

  func plan(models folder: String? = nil) throws -> MergePlan {
    try MergePlan.build(
      document, library: CheckpointLibrary(folders: [folder ?? models]),
      statistics: StatisticsCache())
  }

  /// The tensors that are stored whole.
  var tensors: SafetensorsFile {
    get throws(Diagnostic) {
      try SafetensorsFile(path: "\(Self.folder)/expected/\(id).safetensors")
    }
  }

  func tolerance(_ key: String) -> Double { facts["tolerance"]?[key]?.double ?? 0 }
}

/// Sums over a flattened tensor as the golden files state them.
struct Checksums {
  var sum = 0.0
  var squares = 0.0
  /// Weighted by ((i mod 101) + 1) / 101.
  var weighted = 0.0

  init(_ values: [Float]) {
    for (index, value) in values.enumerated() {
      sum += Double(value)
      squares += Double(value) * Double(value)
      weighted += Double(value) * Double(index % 101 + 1) / 101
    }
  }
}

extension DType {
  /// The name that recipes and golden files use.
  var torchName: String {
    switch self {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: rawValue
    }
  }
}

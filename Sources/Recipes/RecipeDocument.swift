public import Diagnostics
import Documents

/// A recipe file: one recipe, or several stages of which later ones name earlier ones as models.
public struct RecipeDocument: Sendable {
  /// In the order of the file; never empty.
  public let stages: [Recipe]
  /// What messages put first, usually the path of the file.
  public let location: String
  /// Index of the stage that makes the output: the one without a name, else the one nobody uses.
  public let outputIndex: Int
  /// Indices of the stages that the output needs, each after those that it uses itself.
  public let order: [Int]

  /// - Throws: ``Diagnostic`` if a recipe is not valid, if names clash, if stages use each other in a
  ///   circle, or if it is not clear which stage makes the output.
  public init(_ stages: [Recipe], location: String = "recipe") throws(Diagnostic) {
    guard !stages.isEmpty else {
      throw Diagnostic("holds no recipe", at: location, fix: "write at least one recipe")
    }
    for (index, stage) in stages.enumerated() {
      try stage.validate(at: Self.location(of: stages, index, in: location))
    }
    self.stages = stages
    self.location = location
    let dependencies = try StageDependencies(stages, location: location)
    outputIndex = dependencies.output
    order = try dependencies.order(at: location)
  }

  /// A document of one recipe.
  public init(_ recipe: Recipe, location: String = "recipe") throws(Diagnostic) {
    try self.init([recipe], location: location)
  }

  public var output: Recipe { stages[outputIndex] }

  /// The document with another seed for the random masks of all stages.
  public func withMaskSeed(_ seed: UInt64) throws(Diagnostic) -> RecipeDocument {
    try RecipeDocument(
      stages.map { stage in
        var stage = stage
        stage.maskSeed = seed
        return stage
      }, location: location)
  }

  /// The stage that a model reference stands for; nil for models on disk.
  public func stage(for model: ModelReference) -> Int? {
    guard stages.count > 1, model.revision == nil else { return nil }
    return stages.firstIndex { $0.name == model.path }
  }

  /// The models on disk that the output needs, each once.
  public var models: [ModelReference] {
    var seen: Set<ModelReference> = []
    return order.flatMap { stages[$0].models }
      .filter { stage(for: $0) == nil && seen.insert($0).inserted }
  }

  /// Where messages about a stage point to.
  public func location(ofStage index: Int) -> String {
    Self.location(of: stages, index, in: location)
  }

  private static func location(of stages: [Recipe], _ index: Int, in location: String) -> String {
    guard stages.count > 1 else { return location }
    return "\(location): stage \(stages[index].name ?? "\(index + 1)")"
  }
}

extension RecipeDocument: Hashable {
  /// Where the document came from does not matter.
  public static func == (left: RecipeDocument, right: RecipeDocument) -> Bool {
    left.stages == right.stages
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(stages) }
}

extension RecipeDocument {
  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  public static func parse(text: String, location: String) throws(Diagnostic) -> RecipeDocument {
    try parse(Array(text.utf8), location: location)
  }

  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  public static func parse(
    _ bytes: [UInt8], location: String
  ) throws(Diagnostic) -> RecipeDocument {
    let documents = try YAMLDocument.parseAll(bytes, location: location)
    var stages: [Recipe] = []
    for document in documents { stages.append(try Recipe(document)) }
    return try RecipeDocument(stages, location: location)
  }

  /// - Throws: ``Diagnostic`` if the file cannot be read or is not a recipe.
  public static func read(path: String) throws(Diagnostic) -> RecipeDocument {
    try parse(FileContents.bytes(of: path), location: path)
  }
}

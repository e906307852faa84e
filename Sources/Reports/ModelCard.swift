public import Recipes

/// The `README.md` of a merged model: front matter for the hub, method, models and the recipe itself.
public struct ModelCard: Sendable {
  /// The name of the model, as its title.
  public var name: String
  public var document: RecipeDocument
  /// The recipe as the user wrote it.
  public var recipeText: String
  /// Ids on the hub of the models that were merged; local folders have none.
  public var hubModels: [String]

  public init(
    name: String, document: RecipeDocument, recipeText: String, hubModels: [String]
  ) {
    self.name = name
    self.document = document
    self.recipeText = recipeText
    self.hubModels = hubModels
  }

  public var text: String {
    [
      frontMatter, "# \(name)",
      "A merge of language models, made with Mergevolve without any training.",
      "## Method", methods, "## Models",
      document.models.map { "- `\($0)`" }.joined(separator: "\n"), "## Recipe", recipe,
    ].joined(separator: "\n\n") + "\n"
  }

  private var frontMatter: String {
    var lines = ["---"]
    if !hubModels.isEmpty { lines += ["base_model:"] + hubModels.map { "- \($0)" } }
    lines += [
      "library_name: transformers", "tags:", "- mergekit", "- merge", "- mergevolve", "---",
    ]
    return lines.joined(separator: "\n")
  }

  private var methods: String {
    let stages = document.order.map { document.stages[$0] }
    return stages.map { stage in
      let name = stages.count > 1 ? (stage.name.map { "`\($0)`: " } ?? "") : ""
      let base = stage.baseModel.map { ", relative to `\($0)`" } ?? ""
      return "- \(name)**\(stage.method.name)**\(base): \(stage.method.summary)"
        + " (\(stage.method.reference))"
    }.joined(separator: "\n")
  }

  /// The recipe in a fence that nothing inside it closes.
  private var recipe: String {
    var fence = "```"
    while recipeText.contains(fence) { fence += "`" }
    let isClosed = recipeText.hasSuffix("\n")
    return "\(fence)yaml\n\(recipeText)\(isClosed ? "" : "\n")\(fence)"
  }
}

import Checkpoints
public import Diagnostics
import Documents
import Recipes

extension MergePlan {
  /// The chat template that the recipe asks for; nil if it leaves the tokenizer's own.
  ///
  /// - Throws: ``Diagnostic`` for a template that is known by its name only, and if `auto` finds none.
  public func chatTemplate() throws(Diagnostic) -> String? {
    let location = "\(document.location): chat_template"
    switch document.output.chatTemplate {
    case nil: return nil
    case .text(let text): return text
    case .builtIn(let name):
      throw Diagnostic(
        "the built-in template '\(name)' is not included", at: location,
        fix: "write the template's text instead of its name, or 'auto'")
    case .auto:
      var counts: [(template: String, count: Int)] = []
      for model in models {
        guard let template = try Self.chatTemplate(in: model.checkpoint.path) else { continue }
        if let position = counts.firstIndex(where: { $0.template == template }) {
          counts[position].count += 1
        } else {
          counts.append((template, 1))
        }
      }
      let most = counts.map(\.count).max()
      guard let found = counts.first(where: { $0.count == most }) else {
        throw Diagnostic(
          "none of the models has a chat template", at: location,
          fix: "remove chat_template, or write the template's text")
      }
      return found.template
    }
  }

  /// The template of a model's folder: `chat_template.jinja` wins over `tokenizer_config.json`.
  private static func chatTemplate(in folder: String) throws(Diagnostic) -> String? {
    let file = folder + "/chat_template.jinja"
    if FileContents.exists(file) { return try FileContents.text(of: file) }
    let config = folder + "/tokenizer_config.json"
    guard FileContents.exists(config) else { return nil }
    return try JSONValue.read(path: config)["chat_template"]?.string
  }
}

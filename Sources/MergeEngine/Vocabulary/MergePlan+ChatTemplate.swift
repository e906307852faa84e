import Checkpoints
public import Diagnostics
import Documents
import Foundation
import Recipes

extension MergePlan {
  /// The chat template that the recipe asks for; nil if it leaves the tokenizer's own.
  ///
  /// `auto` is the most frequent template among the models; the tokenizer's own stays if none has one.
  /// - Throws: ``Diagnostic`` if a model's template cannot be read.
  public func chatTemplate() throws(Diagnostic) -> String? {
    switch document.output.chatTemplate {
    case nil: return nil
    case .text(let text): return text
    case .builtIn(let name): return BuiltInChatTemplates.texts[name]
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
      return counts.first { $0.count == most }?.template
    }
  }

  /// The template of a model's folder, without the white space around it.
  ///
  /// `chat_template.jinja` wins over `tokenizer_config.json`, in which one of several is the default.
  private static func chatTemplate(in folder: String) throws(Diagnostic) -> String? {
    let file = folder + "/chat_template.jinja"
    var template: String?
    if FileContents.exists(file) {
      template = try FileContents.text(of: file)
    } else if FileContents.exists(folder + "/tokenizer_config.json") {
      let value = try JSONValue.read(path: folder + "/tokenizer_config.json")["chat_template"]
      template =
        value?.string
        ?? value?.array?.first { $0["name"]?.string == "default" }?["template"]?.string
    }
    let trimmed = template?.trimmingCharacters(in: .whitespacesAndNewlines)
    return trimmed == "" ? nil : trimmed
  }
}

import MergeEngine
import Recipes
import TestSupport
import Testing

@Suite("Chat templates of merges")
struct ChatTemplateTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (seed, name) in ["a", "b", "c"].enumerated() {
      try TinyModel(seed: UInt64(seed)).write(to: folder, as: name)
    }
  }

  private func template(_ setting: String) throws -> String? {
    try plan(
      "merge_method: linear\nmodels: [{model: a}, {model: b}, {model: c}]\n"
        + "parameters: {weight: 1}\nchat_template: \(setting)\n", in: folder.path
    ).chatTemplate()
  }

  @Test("every built-in name has a text", arguments: Recipe.ChatTemplate.builtInNames)
  func builtIn(name: String) throws {
    let text = try #require(try template(name))
    #expect(text.contains("messages"))
  }

  @Test("auto is the most frequent one, wherever it is stored")
  func auto() throws {
    #expect(try template("auto") == nil)
    try folder.write("{{ first }}\n", to: "a/chat_template.jinja")
    #expect(try template("auto") == "{{ first }}")
    try folder.write(
      #"{"chat_template": [{"name": "tool", "template": "x"}, {"name": "default", "template": "{{ y }}"}]}"#,
      to: "b/tokenizer_config.json")
    try folder.write(#"{"chat_template": "\n{{ y }} "}"#, to: "c/tokenizer_config.json")
    #expect(try template("auto") == "{{ y }}")
  }
}

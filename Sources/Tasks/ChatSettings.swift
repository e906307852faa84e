public import Diagnostics
import Documents
public import Templates

/// What a task file or a caller says about putting prompts as conversations, before the model is known.
public struct ChatSettings: Sendable, Hashable {
  /// Whether the model's chat template is applied.
  public var appliesTemplate: Bool
  /// Whether every worked example is a turn of its own; else one message holds them and the question.
  public var hasTurnPerExample: Bool
  /// A system instruction; without a chat template it begins the prompt.
  public var system: String
  /// What a template that prints today's date prints.
  public var date: TemplateDate?

  public init(
    appliesTemplate: Bool, hasTurnPerExample: Bool = true, system: String = "",
    date: TemplateDate? = nil
  ) {
    self.appliesTemplate = appliesTemplate
    self.hasTurnPerExample = hasTurnPerExample
    self.system = system
    self.date = date
  }

  /// The style for the model whose tokenizer is in `folder`.
  ///
  /// - Throws: ``Diagnostic`` if the template is wanted and the model has none, or one that is not supported.
  public func style(folder: String) throws(Diagnostic) -> PromptStyle {
    guard appliesTemplate else { return PromptStyle(system: system) }
    let chat = PromptStyle.Chat(
      template: try ChatTemplate.load(folder: folder), hasTurnPerExample: hasTurnPerExample,
      date: date)
    return PromptStyle(system: system, chat: chat)
  }

  /// Reads `chat: true`, or `chat: {fewshot_as_multiturn, system_instruction, date, apply_chat_template}`; nil if
  /// the key is absent.
  init?(_ document: TaskDocument) throws(Diagnostic) {
    guard let node = try document.value("chat") else { return nil }
    guard node.isMapping else {
      self.init(appliesTemplate: try node.bool())
      return
    }
    let mapping = try node.mapping("'chat'")
    try mapping.rejectUnknownKeys(known: [
      "apply_chat_template", "fewshot_as_multiturn", "system_instruction", "date",
    ])
    self.init(
      appliesTemplate: try mapping.optional("apply_chat_template")?.bool() ?? true,
      hasTurnPerExample: try mapping.optional("fewshot_as_multiturn")?.bool() ?? true,
      system: try mapping.optional("system_instruction")?.string() ?? "")
    if let day = mapping.optional("date") {
      date = TemplateDate(try day.string())
      guard date != nil else {
        throw day.problem("\(day.kind) is no date", fix: "write it as 2024-07-26")
      }
    }
  }
}

extension LoadedTask {
  /// Reads a task file and its data for the model whose tokenizer is in `folder`; `chat` overrides what the file
  /// says of conversations, `overrides` what it says otherwise.
  public static func load(
    path: String, chat: ChatSettings?, folder: String, overrides: TaskOverrides = TaskOverrides()
  ) throws(Diagnostic) -> LoadedTask {
    try load(try TaskFile.read(path: path, overrides: overrides), chat: chat, folder: folder)
  }

  /// Reads the data of a task file for the model whose tokenizer is in `folder`.
  public static func load(
    _ file: TaskFile, chat: ChatSettings?, folder: String
  ) throws(Diagnostic) -> LoadedTask {
    guard let settings = chat ?? file.chat else { return try load(file) }
    return try load(file, style: try settings.style(folder: folder))
  }
}

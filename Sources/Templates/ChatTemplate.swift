public import Diagnostics
public import Documents

/// One turn of a conversation.
public struct ChatMessage: Sendable, Hashable {
  public enum Role: String, Sendable, Hashable {
    case system, user, assistant
  }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// How an instruct model wants a conversation written: the chat template of its folder.
///
/// Reads `chat_template.jinja`, else `chat_template` of `tokenizer_config.json` (a text, or a list with an entry
/// named `default`).
public struct ChatTemplate: Sendable, Hashable {
  private let template: Template
  /// `bos_token` and the like, which templates print.
  private let specialTokens: [JSONValue.Member]
  private let location: String
  /// The file that holds the template.
  public let path: String

  /// - Throws: ``Diagnostic`` if the template has a construct that is not supported.
  public init(
    _ source: String, specialTokens: [JSONValue.Member], path: String, at location: String? = nil
  ) throws(Diagnostic) {
    let location = location ?? path
    template = try Template(source, dialect: .chat, at: location)
    self.path = path
    self.specialTokens = specialTokens
    self.location = location
  }

  /// The chat template of a tokenizer's folder.
  ///
  /// - Throws: ``Diagnostic`` if the folder has none, or has one that is not supported.
  public static func load(folder: String) throws(Diagnostic) -> ChatTemplate {
    let configPath = folder + "/tokenizer_config.json"
    let config =
      FileContents.exists(configPath) ? try JSONValue.read(path: configPath) : .object([])
    let tokens = specialTokens(config)
    let path = folder + "/chat_template.jinja"
    if FileContents.exists(path) {
      return try ChatTemplate(
        FileContents.text(of: path), specialTokens: tokens, path: path)
    }
    let location = configPath + ": chat_template"
    switch config["chat_template"] {
    case .string(let source)?:
      return try ChatTemplate(
        source, specialTokens: tokens, path: configPath, at: location)
    case .array(let templates)?:
      let standard = templates.first { $0["name"]?.string == "default" }
      if let source = standard?["template"]?.string {
        return try ChatTemplate(
          source, specialTokens: tokens, path: configPath, at: location)
      }
      throw Diagnostic(
        "none of the chat templates is named 'default'", at: location,
        fix: "write the one to be used into \(path)")
    default:
      throw Diagnostic(
        "the model has no chat template", at: folder,
        fix: "leave 'chat' out, or copy chat_template.jinja from the instruct model")
    }
  }

  private static func specialTokens(_ config: JSONValue) -> [JSONValue.Member] {
    let names = [
      "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    return names.compactMap { name in
      guard let token = config[name]?.string ?? config[name]?["content"]?.string else { return nil }
      return JSONValue.Member(name, .string(token))
    }
  }

  /// The conversation as the model reads it.
  ///
  /// - Parameters:
  ///   - messages: The turns so far.
  ///   - opensAnswer: Whether the model's turn is opened at the end; if not, and the last message is the
  ///     assistant's, the text ends with that message, unclosed.
  ///   - date: What `strftime_now` prints.
  ///   - place: What the conversation is made of, for messages.
  /// - Returns: The text.
  /// - Throws: ``Diagnostic`` if the template refuses the conversation.
  public func render(
    _ messages: [ChatMessage], opensAnswer: Bool = true, date: TemplateDate? = nil,
    at place: String
  ) throws(Diagnostic) -> String {
    guard !opensAnswer, let last = messages.last, last.role == .assistant else {
      return try text(of: messages, opensAnswer: opensAnswer, date: date, at: place)
    }
    var marked = messages
    marked[marked.count - 1].content += Self.mark + " "
    let text = try text(of: marked, opensAnswer: false, date: date, at: place)
    // Found from the end, as transformers does it.
    let parts = PythonText.splitFromEnd(text, by: Self.mark, limit: 1)
    guard parts.count == 2 else {
      throw Diagnostic(
        "the chat template does not print the beginning of the answer '\(last.content)' (\(location))",
        at: place, fix: "use another 'gen_prefix', or none")
    }
    // A template that strips messages has taken the mark's space.
    return parts[1].unicodeScalars.first == " "
      ? parts[0] : PythonText.stripped(parts[0], of: nil, left: false)
  }

  /// Ends an unfinished message, so that its end is found in the text.
  private static let mark = "CONTINUE_FINAL_MESSAGE_TAG"

  private func text(
    of messages: [ChatMessage], opensAnswer: Bool, date: TemplateDate?, at place: String
  ) throws(Diagnostic) -> String {
    let conversation = messages.map { message in
      JSONValue.object([
        .init("role", .string(message.role.rawValue)), .init("content", .string(message.content)),
      ])
    }
    let variables: [JSONValue.Member] = [
      .init("messages", .array(conversation)), .init("tools", .null), .init("documents", .null),
      .init("add_generation_prompt", .bool(opensAnswer)),
    ]
    return try template.render(.object(specialTokens + variables), at: place, date: date)
  }
}

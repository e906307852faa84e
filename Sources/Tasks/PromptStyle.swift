import Diagnostics
public import Templates

/// Whether prompts are put to a model as plain text or as a conversation.
public struct PromptStyle: Sendable, Hashable {
  /// How a conversation is written.
  public struct Chat: Sendable, Hashable {
    public var template: ChatTemplate
    /// Whether every example is a turn of its own; else one message holds them and the question.
    public var hasTurnPerExample: Bool
    /// What `strftime_now` prints.
    public var date: TemplateDate?

    public init(template: ChatTemplate, hasTurnPerExample: Bool = true, date: TemplateDate? = nil) {
      self.template = template
      self.hasTurnPerExample = hasTurnPerExample
      self.date = date
    }
  }

  /// A system instruction, before everything else.
  public var system: String
  /// Nil: plain text.
  public var chat: Chat?

  public init(system: String = "", chat: Chat? = nil) {
    self.system = system
    self.chat = chat
  }

  public static let plain = PromptStyle()

  /// What the model reads of the turns.
  ///
  /// A template that takes no system message gets none, as in lm-eval.
  /// - Throws: ``Diagnostic`` if the template refuses the conversation even so.
  func text(
    of turns: [PromptTurn], opensAnswer: Bool, at location: String
  ) throws(Diagnostic) -> String {
    guard let chat else { return turns.map { $0.content + $0.delimiter }.joined() }
    let messages = chat.hasTurnPerExample ? turns.map(\.message) : Self.gathered(turns)
    do {
      return try chat.template.render(
        messages, opensAnswer: opensAnswer, date: chat.date, at: location)
    } catch {
      let others = messages.filter { $0.role != .system }
      guard others.count < messages.count else { throw error }
      return try chat.template.render(
        others, opensAnswer: opensAnswer, date: chat.date, at: location)
    }
  }

  /// All turns but a system message and an unfinished answer in one message.
  private static func gathered(_ turns: [PromptTurn]) -> [ChatMessage] {
    var turns = turns
    var messages: [ChatMessage] = []
    if turns.first?.role == .system { messages.append(turns.removeFirst().message) }
    let answer = turns.last?.role == .assistant ? turns.removeLast() : nil
    if !turns.isEmpty { turns[turns.count - 1].delimiter = "" }
    messages.append(ChatMessage(.user, turns.map { $0.content + $0.delimiter }.joined()))
    if let answer { messages.append(answer.message) }
    return messages
  }
}

/// A part of a prompt, and what follows it in plain text.
struct PromptTurn: Sendable, Hashable {
  let role: ChatMessage.Role
  let content: String
  var delimiter: String

  init(_ role: ChatMessage.Role, _ content: String, delimiter: String = "") {
    self.role = role
    self.content = content
    self.delimiter = delimiter
  }

  /// A question before an answer, or before its beginning: white space at the joint with that makes the
  /// delimiter needless, and before nothing there is none.
  static func question(
    _ text: String, before prefix: String, hasAnswer: Bool, delimiter: String
  ) -> PromptTurn {
    let needsDelimiter =
      prefix.isEmpty
      ? hasAnswer : !text.isEmpty && !endsInWhitespace(text) && !beginsWithWhitespace(prefix)
    return PromptTurn(.user, text, delimiter: needsDelimiter ? delimiter : "")
  }

  var message: ChatMessage { ChatMessage(role, content) }
}

/// Two texts, with a separator where neither has white space at the joint.
func joined(_ head: String, _ tail: String, separator: String) -> String {
  if head.isEmpty || tail.isEmpty { return head + tail }
  return endsInWhitespace(head) || beginsWithWhitespace(tail)
    ? head + tail : head + separator + tail
}

func endsInWhitespace(_ text: String) -> Bool {
  text.unicodeScalars.last.map(PythonText.isWhitespace) ?? false
}

func beginsWithWhitespace(_ text: String) -> Bool {
  text.unicodeScalars.first.map(PythonText.isWhitespace) ?? false
}

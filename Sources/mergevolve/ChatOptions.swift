import ArgumentParser
import Diagnostics
import Tasks
import Templates

/// How prompts are put to an instruct model; given, they hold for every task whatever its file says.
struct ChatOptions: ParsableArguments {
  @Flag(
    name: .customLong("apply-chat-template"),
    help: "Put prompts as conversations in the model's chat template.")
  var appliesTemplate = false

  @Option(
    name: .customLong("system-instruction"),
    help: ArgumentHelp("A system instruction before every prompt.", valueName: "text"))
  var systemInstruction: String?

  @Flag(
    name: .customLong("fewshot-as-multiturn"), inversion: .prefixedNo,
    help: "Make every worked example a turn of its own.")
  var hasTurnPerExample = true

  @Option(
    name: .customLong("chat-date"),
    help: ArgumentHelp(
      "What day it is for templates that print it, such as 2024-07-26.", valueName: "date"))
  var date: String?

  /// Nil if no option says anything: then the task files decide.
  func settings() throws(Diagnostic) -> ChatSettings? {
    let day = date.flatMap(TemplateDate.init)
    if let date, day == nil {
      throw Diagnostic("'\(date)' is no date", at: "--chat-date", fix: "write it as 2024-07-26")
    }
    guard appliesTemplate || systemInstruction != nil else {
      guard date == nil, hasTurnPerExample else {
        throw Diagnostic(
          "the option needs --apply-chat-template",
          at: date == nil ? "--no-fewshot-as-multiturn" : "--chat-date",
          fix: "add --apply-chat-template, or 'chat' to the task file")
      }
      return nil
    }
    return ChatSettings(
      appliesTemplate: appliesTemplate, hasTurnPerExample: hasTurnPerExample,
      system: systemInstruction ?? "", date: day)
  }
}

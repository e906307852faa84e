import Diagnostics
import Documents
import Templates

/// Writes a row as a worked example: a question and its answer.
struct FewShotWriter {
  private let prompt: FieldSource
  private let answer: FieldSource
  private let choices: FieldSource?
  private let answerPrefix: FieldSource?
  private let delimiter: String
  private let separator: String

  init(_ settings: FewShotSettings, columns: [String]) throws(Diagnostic) {
    prompt = try settings.prompt.source(columns: columns)
    answer = try settings.answer.source(columns: columns)
    choices = try settings.choices?.source(columns: columns)
    answerPrefix = try settings.answerPrefix?.constantSource(columns: columns)
    delimiter = settings.delimiter
    separator = settings.separator
  }

  func turns(of row: TaskRow) throws(Diagnostic) -> [PromptTurn] {
    let prefix = try answerPrefix?.text(in: row) ?? ""
    let (question, answer) = try questionAndAnswer(of: row)
    var turns: [PromptTurn] = [
      .question(question, before: prefix, hasAnswer: !answer.isEmpty, delimiter: delimiter)
    ]
    if !answer.isEmpty {
      turns.append(
        PromptTurn(.assistant, joined(prefix, answer, separator: " "), delimiter: separator))
    } else if !prefix.isEmpty {
      turns.append(PromptTurn(.assistant, prefix))
    }
    return turns
  }

  private func questionAndAnswer(
    of row: TaskRow
  ) throws(Diagnostic) -> (question: String, answer: String) {
    let asked = try prompt.typedValue(in: row)
    let question = PythonText.string(asked)
    var answer = try self.answer.typedValue(in: row)
    if case .array(let values) = answer { answer = values.first ?? .string("") }
    guard let choices else { return (question, PythonText.string(answer)) }
    let texts = try choices.texts(in: row, noun: "choices")
    // A question that is a number is one of the choices, and the answer is what all have in common.
    if let index = Self.index(asked, isRendered: prompt.isTemplate) {
      return (try Self.choice(index, of: texts, row), PythonText.string(answer))
    }
    guard let index = Self.index(answer, isRendered: self.answer.isTemplate) else {
      return (question, PythonText.string(answer))
    }
    return (question, try Self.choice(index, of: texts, row))
  }

  /// The position that a number, a truth value or the digits of a template stand for.
  private static func index(_ value: JSONValue, isRendered: Bool) -> Int? {
    switch value {
    case .bool(let flag): flag ? 1 : 0
    case .number: value.integer
    case .string(let text):
      isRendered && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    default: nil
    }
  }

  private static func choice(
    _ index: Int, of texts: [String], _ row: TaskRow
  ) throws(Diagnostic) -> String {
    if texts.indices.contains(index) { return texts[index] }
    throw Diagnostic(
      "the answer \(index) is outside the \(texts.count) choices", at: row.location,
      fix: "count the choices from 0")
  }
}

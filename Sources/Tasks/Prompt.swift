import Diagnostics
import Documents
import Templates

/// The text before what a model is to say: description, examples, question.
struct Prompt: Sendable {
  private let description: FieldSource?
  private let question: FieldSource
  private let shots: FewShotExamples?
  private let hasChoices: Bool

  init(
    _ file: TaskFile, columns: [String], shots: FewShotExamples?, hasChoices: Bool
  ) throws(Diagnostic) {
    if case .text(let text)? = file.description?.content {
      description = .template(try Template(text, at: file.location("description")))
    } else {
      description = nil
    }
    question = try file.prompt.source(columns: columns)
    self.shots = shots
    self.hasChoices = hasChoices
  }

  func context(for row: TaskRow) throws(Diagnostic) -> String {
    let head = try description?.text(in: row) ?? ""
    return try head + (shots?.text(for: row) ?? "") + questionText(row)
  }

  private func questionText(_ row: TaskRow) throws(Diagnostic) -> String {
    let value = try question.value(in: row)
    let text = PythonText.string(value)
    if hasChoices, case .column = question, case .string = value { return text }
    if hasChoices, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      throw Diagnostic(
        "the prompt is the number \(text), which means a task whose choices are its prompts; "
          + "such tasks are not supported",
        at: row.location, fix: "write the question as a text column and name that column as prompt")
    }
    return text
  }
}

/// The worked examples that precede a question.
struct FewShotExamples: Sendable {
  private struct Example: Sendable {
    let row: JSONValue
    let text: String
  }

  /// One more than wanted where the pool may hold the question's own row.
  private let examples: [Example]
  private let count: Int
  private let excludesOwnRow: Bool

  /// The first rows of `pool`, in file order.
  ///
  /// - Throws: ``Diagnostic`` if the pool is too small or a row of it lacks something.
  init(
    _ settings: FewShotSettings, pool: [TaskRow], excludingOwnRow: Bool
  ) throws(Diagnostic) {
    guard pool.count >= settings.count else {
      throw Diagnostic(
        "\(settings.count) examples are asked for, but the pool has \(pool.count) rows",
        at: settings.location, fix: "ask for fewer examples or add rows to the pool")
    }
    count = settings.count
    excludesOwnRow = excludingOwnRow
    let columns = columnNames(of: pool)
    let prompt = try settings.prompt.source(columns: columns)
    let answer = try settings.answer.source(columns: columns)
    let choices = try settings.choices?.source(columns: columns)
    var examples: [Example] = []
    for row in pool.prefix(excludingOwnRow ? count + 1 : count) {
      let answerText = try Self.answerText(answer, choices, row)
      let text =
        try prompt.text(in: row) + settings.delimiter + answerText + settings.separator
      examples.append(Example(row: row.columns, text: text))
    }
    self.examples = examples
  }

  func text(for row: TaskRow) -> String {
    examples
      .filter { !excludesOwnRow || $0.row != row.columns }
      .prefix(count).map(\.text).joined()
  }

  /// An index becomes the choice's text, a list its first element.
  private static func answerText(
    _ answer: FieldSource, _ choices: FieldSource?, _ row: TaskRow
  ) throws(Diagnostic) -> String {
    let value = try answer.typedValue(in: row)
    if let choices {
      let texts = try choices.texts(in: row, noun: "choices")
      let target = try ChoiceAnswer(value, isRendered: answer.isTemplate, choices: texts, row: row)
      return texts[target.indices[0]]
    }
    if case .array(let values) = value, let first = values.first {
      return PythonText.string(first)
    }
    return PythonText.string(value)
  }
}

/// Every column of the rows, in order of first appearance.
func columnNames(of rows: [TaskRow]) -> [String] {
  var seen: Set<[UInt8]> = []
  var names: [String] = []
  for row in rows {
    for member in row.columns.members ?? [] where seen.insert(Array(member.key.utf8)).inserted {
      names.append(member.key)
    }
  }
  return names
}

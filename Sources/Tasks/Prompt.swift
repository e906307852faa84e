import Diagnostics
import Documents
import Templates

/// What comes before what a model is to say: description, examples, question; as a text or as a conversation.
struct Prompt: Sendable {
  private let description: FieldSource?
  private let question: FieldSource
  private let answerPrefix: FieldSource?
  private let writtenPrefix: String
  private let delimiter: String
  private let shots: FewShotExamples?
  private let hasChoices: Bool
  private let style: PromptStyle
  /// What joins a system instruction and the description.
  private let separator: String

  /// The question of an item.
  enum Question: Sendable {
    case text(String)
    /// The position of the right one among the choices, which are the questions (Winogrande).
    case choices(Int)
  }

  init(
    _ file: TaskFile, columns: [String], prompts: PromptSource, hasChoices: Bool
  ) throws(Diagnostic) {
    description = try file.description?.constantSource(columns: columns)
    question = try file.prompt.source(columns: columns)
    answerPrefix = try file.answerPrefix?.constantSource(columns: columns)
    if case .text(let text)? = file.answerPrefix?.content {
      writtenPrefix = text
    } else {
      writtenPrefix = ""
    }
    delimiter = file.delimiter
    shots = prompts.shots
    self.hasChoices = hasChoices
    style = prompts.style
    separator = file.separator
  }

  /// The question, which is a number where the choices are the questions.
  func question(of row: TaskRow) throws(Diagnostic) -> Question {
    let value = try question.typedValue(in: row)
    let text = PythonText.string(value)
    guard hasChoices else { return .text(text) }
    if case .number = value, let index = value.integer { return .choices(index) }
    if case .column = question { return .text(text) }
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(text) {
      return .choices(index)
    }
    return .text(text)
  }

  /// What a model reads before it answers the question.
  func context(for row: TaskRow) throws(Diagnostic) -> String {
    guard case .text(let text) = try question(of: row) else {
      throw Diagnostic(
        "the prompt is a number, which stands for a task whose choices are its prompts",
        at: row.location, fix: "write the question as a text column and name that column as prompt")
    }
    return try context(asking: text, delimiter: delimiter, for: row)
  }

  /// What a model reads before each choice of a task whose choices are the questions.
  func contexts(asking questions: [String], for row: TaskRow) throws(Diagnostic) -> [String] {
    var contexts: [String] = []
    for question in questions {
      contexts.append(try context(asking: question, delimiter: "", for: row))
    }
    return contexts
  }

  private func context(
    asking text: String, delimiter: String, for row: TaskRow
  ) throws(Diagnostic) -> String {
    let head = joined(
      style.system, try description?.text(in: row) ?? "", separator: separator)
    var turns = head.isEmpty ? [] : [PromptTurn(.system, head)]
    turns += shots?.turns(for: row) ?? []
    let prefix = try answerPrefix?.text(in: row) ?? ""
    turns.append(.question(text, before: prefix, hasAnswer: false, delimiter: delimiter))
    if !prefix.isEmpty { turns.append(PromptTurn(.assistant, prefix)) }
    return try style.text(of: turns, opensAnswer: prefix.isEmpty, at: row.location)
  }

  /// What stands between context and choice: nothing in a chat, whose turn has just begun.
  var choiceDelimiter: String {
    guard style.chat != nil else { return delimiter }
    // As written, even if it is a column's name or a template.
    return writtenPrefix.isEmpty || endsInWhitespace(writtenPrefix) ? "" : delimiter
  }
}

/// The worked examples that precede questions.
struct FewShotExamples: Sendable {
  private let pool: [[PromptTurn]]
  /// For each question the positions of its examples in the pool.
  private let chosen: [TaskRow.Place: [Int]]

  /// Chooses examples among `rows` for every row of `sequences`, each of which is in the order of evaluation and
  /// begins with a fresh generator.
  ///
  /// - Throws: ``Diagnostic`` if the pool is too small or a row of it lacks something.
  init(
    _ settings: FewShotSettings, pool rows: [TaskRow], sequences: [[TaskRow]]
  ) throws(Diagnostic) {
    let rows = try Self.restricted(rows, settings)
    let needed = settings.count + (settings.excludesOwnRow ? 1 : 0)
    guard rows.count >= settings.count, settings.order.isFirst || rows.count >= needed else {
      throw Diagnostic(
        "\(settings.count) examples are asked for, but the pool has \(rows.count) rows",
        at: settings.location, fix: "ask for fewer examples or add rows to the pool")
    }
    let sampler = FewShotSampler(settings, pool: rows)
    var chosen: [TaskRow.Place: [Int]] = [:]
    for sequence in sequences {
      for (row, positions) in zip(sequence, try sampler.examples(for: sequence)) {
        chosen[row.place] = positions
      }
    }
    let used = Set(chosen.values.joined())
    let writer = try FewShotWriter(settings, columns: columnNames(of: rows))
    var turns: [[PromptTurn]] = []
    for (index, row) in rows.enumerated() {
      turns.append(used.contains(index) ? try writer.turns(of: row) : [])
    }
    pool = turns
    self.chosen = chosen
  }

  private static func restricted(
    _ rows: [TaskRow], _ settings: FewShotSettings
  ) throws(Diagnostic) -> [TaskRow] {
    guard let indices = settings.indices else { return rows }
    var kept: [TaskRow] = []
    for index in indices {
      guard rows.indices.contains(index) else {
        throw Diagnostic(
          "fewshot_indices has \(index), but the pool has \(rows.count) rows",
          at: settings.location, fix: "count the rows from 0")
      }
      kept.append(rows[index])
    }
    return kept
  }

  func turns(for row: TaskRow) -> [PromptTurn] {
    (chosen[row.place] ?? []).flatMap { pool[$0] }
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

import Diagnostics

/// A way to turn rows into requests and answers into per-item values; a dataset of a known kind is data.
protocol TaskKind: Sendable {
  associatedtype Item: Sendable
  static var declaration: TaskKindDeclaration { get }

  /// - Throws: ``Diagnostic`` if a field of the task file names no column, or a template is not understood.
  init(_ file: TaskFile, columns: [String], prompts: PromptSource) throws(Diagnostic)

  /// - Throws: ``Diagnostic`` at the row's line if it cannot be an item of this kind.
  func item(from row: TaskRow) throws(Diagnostic) -> Item

  func requests(for item: Item) -> [ModelRequest]

  /// The values of the metrics that the task file asks for.
  ///
  /// `responses` answer the requests in their order.
  func measure(_ item: Item, _ responses: [ModelResponse]) -> [MetricName: ItemValue]

  /// What the task file says of the right answer, as Python prints it.
  func target(of row: TaskRow) throws(Diagnostic) -> String

  /// What each filter of the task makes of the text that a model wrote; empty for kinds without texts.
  func answers(_ item: Item, _ responses: [ModelResponse]) -> [String]

  /// Whether no answer could be found in the text that a model wrote.
  func isUnparsable(_ item: Item, _ responses: [ModelResponse]) -> Bool

  /// The choice that the responses predict, for kinds that have choices.
  func prediction(_ item: Item, _ responses: [ModelResponse]) -> Int?

  /// Whether a teacher-forced pass over these items can prove a hit.
  func isProvable(_ items: [Item]) -> Bool
}

extension TaskKind {
  func prediction(_ item: Item, _ responses: [ModelResponse]) -> Int? { nil }
  func isProvable(_ items: [Item]) -> Bool { false }
  func answers(_ item: Item, _ responses: [ModelResponse]) -> [String] { [] }
  func isUnparsable(_ item: Item, _ responses: [ModelResponse]) -> Bool { false }
}

/// What every prompt of a task has besides its question.
struct PromptSource: Sendable {
  let shots: FewShotExamples?
  let style: PromptStyle
}

/// What is known of a kind before any task of it exists.
struct TaskKindDeclaration: Sendable {
  let name: String
  /// lm-eval's `output_type`.
  let outputType: String
  let metrics: [Metric]
  let standardMetrics: [MetricName]
  /// Column of the choices where the task file names none; nil for kinds that need no choices.
  var choicesColumn: String?
  /// lm-eval's metrics that are not supported, for a better message than "unknown".
  var unsupportedMetrics: [String] = []

  func metric(_ name: MetricName) -> Metric? { metrics.first { $0.name == name } }
}

/// The kinds of tasks; a new one is a file and a line here.
enum TaskKinds {
  static let all: [any TaskKind.Type] = [
    MultipleChoice.self, Loglikelihood.self, Perplexity.self, Generation.self,
  ]

  /// Finds a kind under our name or lm-eval's.
  static func kind(named name: String, at location: String) throws(Diagnostic) -> any TaskKind.Type
  {
    let declarations = all.map { $0.declaration }
    let position = declarations.firstIndex { $0.name == name || $0.outputType == name }
    if let position { return all[position] }
    throw unknownName(name, noun: "kind of task", known: declarations.map(\.name), at: location)
  }
}

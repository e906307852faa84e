import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Foundation
import Inference
import Kernels
import MergeEngine
import SearchDriver
import Tasks
import Tokenization

/// `mergevolve evaluate`: the scores of a checkpoint or of an unwritten merge.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Score a model, or the merge that a recipe describes, on benchmarks.",
    discussion: """
      Prints a score with its standard error for every metric of every task. A task file names the \
      questions (JSON lines) and how to ask them; lm-evaluation-harness's task files with local data \
      are read as well. A recipe is scored without writing the merged model; its scores are bit for \
      bit those of the model that 'merge' would write.

      Generated text is greedy. With --decode unproved (the default) one pass over question and \
      expected answer settles most items, the others are decoded token by token: scores are those \
      of --decode always. With --decode never an item that is not settled counts as wrong, and the \
      metric is named exact_match_forced.

      Example: mergevolve evaluate Datasets/demo/models/base --task Datasets/demo/arith_gen.yaml \
      --split search
      """)

  /// The splits to score.
  enum SplitChoice: String, CaseIterable, ExpressibleByArgument {
    case search, validation, test, all

    var splits: [Split] {
      switch self {
      case .search: [.search]
      case .validation: [.validation]
      case .test: [.test]
      case .all: Split.allCases
      }
    }
  }

  /// When to decode.
  enum DecodeChoice: String, CaseIterable, ExpressibleByArgument {
    case always, unproved, never

    var mode: DecodeMode {
      switch self {
      case .always: .always
      case .unproved: .unproved
      case .never: .never
      }
    }
  }

  @Argument(help: ArgumentHelp("A model's folder, its hub id, or a recipe.", valueName: "model"))
  var model: String

  @Option(
    name: [.customLong("task")], parsing: .upToNextOption,
    help: ArgumentHelp("One or more task files (YAML).", valueName: "file"))
  var tasks: [String]

  @Option(help: "Which questions to ask.")
  var split = SplitChoice.all

  @Option(help: "When to decode generated text (default: what the task file says, else unproved).")
  var decode: DecodeChoice?

  @Option(help: "In which numbers to multiply; auto is the fastest of this processor.")
  var precision = PrecisionChoice.f32

  @Option(
    help: ArgumentHelp(
      "Most anonymous memory, such as 2GB (default: half of the machine's).", valueName: "size"))
  var memory: String?

  @Option(
    help: ArgumentHelp(
      "Write the results question by question, as lm-eval logs samples, into a new file.",
      valueName: "file"))
  var samples: String?

  @OptionGroup(title: "Conversations") var chat: ChatOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Number of threads (default: one per processor).", valueName: "number"))
  var threads: Int?

  func validate() throws {
    if tasks.isEmpty { throw ValidationError("no task: add --task and a task file") }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  func run() async throws {
    if let samples { try checkPlace(samples) }
    let allowed = try memory.map { try Quantities.bytes($0, at: "--memory") }
    for path in tasks { _ = try TaskFile.read(path: path) }
    let pool = WorkerPool(threads: threads ?? WorkerPool.processorCount)
    let opened = try ModelArgument(model).open()
    let tasks = try loadTasks(folder: opened.tokenizerFolder)
    let tokenizer = try Tokenizer.load(
      folder: opened.tokenizerFolder, document: opened.tokenizer.document)
    for warning in tokenizer.warnings { note("\(warning)") }
    let engine = try precision.engine(on: pool)
    let evaluator = Evaluator(
      tasks: tasks, tokenizer: tokenizer,
      maximumLength: try ContextLength.tokens(
        config: opened.source.config, tokenizerFolder: opened.tokenizerFolder),
      engine: engine)
    let prepared = try evaluator.prepare(split.splits, decode: decode?.mode, standard: .unproved)
    try prepared.checkVocabulary(
      of: opened.source.config, tokenizerFolder: opened.tokenizerFolder)
    try opened.checkFinite(on: pool)
    let clock = ContinuousClock()
    let began = clock.now
    let evaluation = try await running {
      let memory =
        (allowed ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2))
        - (ProcessMemory.anonymousBytes ?? 0)
      return try evaluator.evaluate([opened.source], on: prepared, memory: max(0, memory))[0].get()
    }
    // Where every text is decoded, nothing is asked of the forest.
    for task in prepared.tasks where task.computedTokens > 0 {
      note(
        "\(task.task.name): \(task.requestedTokens) tokens asked for, \(task.computedTokens) computed "
          + "(\(Int((100 * task.savedShare).rounded())) % saved by common prefixes)")
    }
    let seconds = began.duration(to: clock.now) / .seconds(1)
    show(evaluation, speed(engine, seconds, prepared))
    if let samples { try await running { try write(evaluation, of: prepared, to: samples) } }
  }

  private func loadTasks(folder: String) throws(Diagnostic) -> [LoadedTask] {
    var loaded: [LoadedTask] = []
    let settings = try chat.settings()
    for path in tasks {
      let task = try LoadedTask.load(path: path, chat: settings, folder: folder)
      if loaded.contains(where: { $0.name == task.name }) {
        throw Diagnostic(
          "there is already a task '\(task.name)'", at: path, fix: "give each task its own name")
      }
      loaded.append(task)
    }
    return loaded
  }

  private func show(_ evaluation: ModelEvaluation, _ speed: JSONValue) {
    for task in evaluation.tasks where task.truncatedItems > 0 {
      note(
        "note: \(task.task): \(task.truncatedItems) of \(task.items.count) items were cut from the "
          + "left to fit the model")
    }
    for task in evaluation.tasks where task.forcedDifferences > 0 {
      note(
        "note: \(task.task): \(task.forcedDifferences) of \(task.decodedItems) decoded items score "
          + "otherwise than without decoding")
    }
    for task in evaluation.tasks where task.cutOffItems > 0 {
      note(
        "note: \(task.task): \(task.cutOffItems) of \(task.items.count) generated texts reached the "
          + "largest number of tokens")
    }
    for task in evaluation.tasks where task.unparsableItems > 0 {
      note(
        "note: \(task.task): a filter found no answer in \(task.unparsableItems) of "
          + "\(task.items.count) texts")
    }
    guard json else {
      print(evaluation.table)
      return
    }
    let header: [JSONValue.Member] = [
      .init("model", .string(model)), .init("split", .string(split.rawValue)),
    ]
    let members = header + evaluation.members + [.init("speed", speed)]
    print(JSONValue.object(members).text(.indented))
  }

  /// Seconds of the evaluation and of all workers by what they did, and the most memory that it took.
  private func speed(
    _ engine: InferenceEngine, _ seconds: Double, _ prepared: PreparedEvaluation
  ) -> JSONValue {
    .object(
      [
        .init("precision", .string(engine.precision.rawValue)),
        .init("threads", JSONValue(engine.pool.threads)), .init("seconds", JSONValue(seconds)),
        .init("peak_anonymous_bytes", JSONValue(engine.times.peakAnonymousBytes)),
        .init(
          "saved_shares",
          .object(prepared.tasks.map { .init($0.task.name, JSONValue($0.savedShare)) })),
      ]
        + WorkTimes.Phase.allCases.map {
          .init("\($0)_worker_seconds", JSONValue(engine.times.seconds($0)))
        })
  }

  private func checkPlace(_ path: String) throws(Diagnostic) {
    if FileContents.exists(path) {
      throw Diagnostic(
        "the file exists already", at: path, fix: "name a new file, or remove this one")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Diagnostic(
        "no file can be made in the folder '\(folder)'", at: path,
        fix: "name a folder that exists and that you may write to")
    }
  }

  /// The file appears when it is complete.
  private func write(
    _ evaluation: ModelEvaluation, of prepared: PreparedEvaluation, to path: String
  ) throws(Diagnostic) {
    var bytes: [UInt8] = []
    for (task, result) in zip(prepared.tasks, evaluation.tasks) {
      for record in SampleLog.records(of: task, result) {
        bytes += record.utf8(.compact) + [UInt8(ascii: "\n")]
      }
    }
    let partial = "\(path).\(ProcessInfo.processInfo.processIdentifier).partial"
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: partial))
      try FileManager.default.moveItem(atPath: partial, toPath: path)
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw Diagnostic(
        "cannot write the samples: \(error.localizedDescription)", at: path,
        fix: "check the folder, its permissions and the disk")
    }
  }
}

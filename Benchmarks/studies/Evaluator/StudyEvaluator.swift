import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Foundation
import Inference
import Kernels
import MergeEngine
import Recipes
import Tasks
import Tokenization

/// The evaluator and the verdict's arithmetic for studies of thousands of evaluations, in one process.
///
/// `study-evaluator TOKENIZER-MODEL f32|bf16|auto TASK-FILE…` reads requests, one JSON object per line, and
/// answers each with one line:
///
///     {"split": "search"}                          → {"search": {TASK: {"ids": […], "tokens": […]}}}
///     {"split": "search", "decode": "never", "models": [PATH, …], "recipes": [YAML, …]}
///                                                  → {"results": [{TASK: {METRIC: […]}} or {"error": …}, …]}
///     {"level": 0.975, "seed": 1, "first": [[…], …], "second": [[…], …]}
///                                                  → {"gain": …, "low": …, "high": …}
///
/// `generate` tasks have the metrics exact_match (exact_match_forced where nothing is decoded) and
/// soft_exact_match.
@main
struct StudyEvaluator {
  private let evaluator: Evaluator
  private let library: CheckpointLibrary
  private let statistics = StatisticsCache(limit: 1 << 30)
  private var prepared: [String: PreparedEvaluation] = [:]
  private static let memory = 4 << 30

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count >= 3 else {
      FileHandle.standardError.write(
        Data("usage: study-evaluator TOKENIZER-MODEL f32|bf16|auto TASK-FILE…\n".utf8))
      exit(2)
    }
    do {
      var study = try StudyEvaluator(
        model: arguments[0], precision: arguments[1], tasks: Array(arguments[2...]))
      while let line = readLine() {
        let answer = try study.answer(
          try JSONValue.parse(Array(line.utf8), location: "standard input"))
        FileHandle.standardOutput.write(Data(answer.utf8(.compact) + [UInt8(ascii: "\n")]))
      }
    } catch let problem as Diagnostic {
      FileHandle.standardError.write(Data("\(problem)\n".utf8))
      exit(2)
    }
  }

  private init(model: String, precision: String, tasks: [String]) throws {
    let pool = WorkerPool(threads: WorkerPool.processorCount)
    library = CheckpointLibrary(folders: [FileManager.default.currentDirectoryPath])
    let opened = try library.model(ModelReference(path: model))
    let engine = try InferenceEngine(
      pool: pool, precision: Precision(rawValue: precision) ?? Precision.fastest())
    let loaded = try tasks.map { path in
      var file = try TaskFile.read(path: path)
      if file.isGenerated { file = try file.telling("soft_exact_match", at: path) }
      return try LoadedTask.load(file, chat: nil, folder: model)
    }
    evaluator = Evaluator(
      tasks: loaded, tokenizer: try Tokenizer.load(folder: model),
      maximumLength: try ContextLength.tokens(
        config: opened.checkpoint.config, tokenizerFolder: opened.checkpoint.path),
      engine: engine)
  }

  private mutating func answer(_ request: JSONValue) throws -> JSONValue {
    if request["first"] != nil { return try verdict(request) }
    let split = request["split"]?.string ?? "search"
    let decode = request["decode"]?.string ?? "never"
    let prepared = try prepared(split, decode: decode)
    guard request["models"] != nil || request["recipes"] != nil else {
      return .object([.init(split, Self.items(of: prepared))])
    }
    var sources: [any WeightSource] = []
    for path in Self.texts(request["models"]) {
      sources.append(try library.model(ModelReference(path: path)).checkpoint)
    }
    for text in Self.texts(request["recipes"]) {
      let document = try RecipeDocument.parse(text: text, location: "recipe")
      sources.append(
        try MergePlan.build(document, library: library, statistics: statistics))
    }
    let results = try evaluator.evaluate(sources, on: prepared, memory: Self.memory)
    return .object([.init("results", .array(results.map(Self.document)))])
  }

  private mutating func prepared(_ split: String, decode: String) throws -> PreparedEvaluation {
    let name = "\(split) \(decode)"
    if let known = prepared[name] { return known }
    guard let part = Split(rawValue: split), let mode = DecodeMode(rawValue: decode) else {
      throw Diagnostic(
        "no split or way of decoding: \(name)", at: "standard input",
        fix: "use search, validation or test; always, unproved or never")
    }
    let made = try evaluator.prepare([part], decode: mode)
    prepared[name] = made
    return made
  }

  private static func texts(_ value: JSONValue?) -> [String] {
    value?.array?.compactMap(\.string) ?? []
  }

  private static func items(of prepared: PreparedEvaluation) -> JSONValue {
    .object(
      prepared.tasks.map { task in
        .init(
          task.task.name,
          .object([
            .init("ids", .array(task.items.map { .string($0.id) })),
            .init("tokens", .array(task.itemTokens.map { JSONValue($0) })),
          ]))
      })
  }

  private static func document(_ result: Result<ModelEvaluation, Diagnostic>) -> JSONValue {
    switch result {
    case .failure(let problem): .object([.init("error", .string("\(problem)"))])
    case .success(let evaluation):
      .object(
        evaluation.tasks.map { task in
          .init(
            task.task,
            .object(
              task.metrics.map { metric in
                .init(
                  metric.name.rawValue,
                  .array(task.values(of: metric).map { JSONValue($0.numerator) }))
              }))
        })
    }
  }

  /// The paired bootstrap of the verdict, over tasks of equal weight with values from 0 to 1.
  private func verdict(_ request: JSONValue) throws -> JSONValue {
    func values(_ key: String) -> [[ItemValue]] {
      (request[key]?.array ?? []).map { ($0.array ?? []).map { .value($0.double ?? 0) } }
    }
    let strata = zip(values("first"), values("second")).enumerated().map { index, pair in
      PairedStratum(
        task: "task \(index)", weight: 1, metric: Metric("exact_match"), first: pair.0,
        second: pair.1)
    }
    let difference = PairedBootstrap(
      seed: UInt64(request["seed"]?.integer ?? 0), level: request["level"]?.double ?? 0.975
    ).compare(strata)
    return .object([
      .init("gain", JSONValue(difference.value)), .init("low", JSONValue(difference.lower)),
      .init("high", JSONValue(difference.upper)),
    ])
  }
}

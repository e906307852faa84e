import Checkpoints
import Documents
import Inference
import Kernels
import Tasks
import Tokenization

@testable import Evaluation

/// The demo family that the repository ships.
enum Demo {
  static let root = String(
    #filePath.dropLast("/Tests/EvaluationTests/DemoFixture.swift".count))

  static func model(_ name: String) -> String { "\(root)/Datasets/demo/models/\(name)" }

  static func task(_ name: String) -> String { "\(root)/Datasets/demo/\(name).yaml" }

  static func tokenizer() throws -> Tokenizer { try Tokenizer.load(folder: model("base")) }

  static func encoder(maximumLength: Int = 256) throws -> RequestEncoder {
    RequestEncoder(tokenizer: try tokenizer(), maximumLength: maximumLength)
  }

  static func checkpoint(_ name: String) throws -> Checkpoint {
    try Checkpoint.open(model(name))
  }

  static func evaluator(_ tasks: [String], threads: Int = 2) throws -> Evaluator {
    Evaluator(
      tasks: try tasks.map { try LoadedTask.load(path: task($0)) }, tokenizer: try tokenizer(),
      maximumLength: 256, engine: try InferenceEngine(pool: WorkerPool(threads: threads)))
  }

  /// Scores items of the search split, chosen by position for each task.
  static func evaluate(
    _ model: String, tasks: [String], items: [[Int]], decode: DecodeMode, threads: Int = 2
  ) throws -> ModelEvaluation {
    let evaluator = try evaluator(tasks, threads: threads)
    let prepared = try evaluator.prepare([.search], decode: decode, items: items)
    return try evaluator.evaluate([checkpoint(model)], on: prepared, memory: 1 << 30)[0].get()
  }
}

import Checkpoints
import Documents
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
}

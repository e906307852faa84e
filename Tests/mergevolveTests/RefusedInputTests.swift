import Documents
import Foundation
import Tensors
import TestSupport
import Testing

/// What can be wrong with the models and questions of a search.
enum BrokenInput: String, CaseIterable, Sendable {
  case missingTensor, wrongShape, unknownArchitecture, foreignTokenizer, notANumber
  case emptyQuestions, malformedQuestions, missingChoices

  /// Breaks the expert `left` or the questions of a search; of the tokenizer that of all models.
  func apply(to search: TinySearch) throws {
    var model = TinySearch.model(named: "left")
    let projection = "model.layers.0.mlp.down_proj.weight"
    let questions = search.folder.file("choices.search.jsonl")
    var rows = try FileContents.text(of: questions).split(separator: "\n").map(String.init)
    switch self {
    case .missingTensor: model.removeTensor(projection)
    case .wrongShape:
      model.setTensor(TestTensor(projection, .f32, [3], [1, 2, 3]))
    case .unknownArchitecture:
      model.setConfig("model_type", .string("mystery"))
      model.setConfig("architectures", .array([.string("MysteryForCausalLM")]))
    case .notANumber:
      let hidden = TinyModel.Sizes().hidden
      let gain = [.nan] + [Float](repeating: 1, count: hidden - 1)
      model.setTensor(TestTensor("model.norm.weight", .f32, [hidden], gain))
    case .foreignTokenizer:
      for name in TinySearch.models {
        let path = "\(name)/tokenizer.json"
        let text = try FileContents.text(of: search.folder.file(path))
        try search.folder.write(text.replacing(#""5": 23,"#, with: #""5": 600,"#), to: path)
      }
    case .emptyQuestions: rows = []
    case .malformedQuestions: rows[1] = #"{"question": "read","#
    case .missingChoices: rows[2] = #"{"question": "read: zun 2 =", "answer": 2}"#
    }
    try model.write(to: search.folder, as: "left")
    try search.folder.write(rows.joined(separator: "\n"), to: "choices.search.jsonl")
  }

  /// What the message names: where, and what.
  var mentions: [String] {
    switch self {
    case .missingTensor: ["left: tensor 'model.layers.0.mlp.down_proj.weight' is missing"]
    case .wrongShape: ["left: tensor 'model.layers.0.mlp.down_proj.weight' has shape [3]"]
    case .unknownArchitecture: ["left/config.json: model_type", "'mystery'"]
    case .foreignTokenizer: ["tokenizer.json: ", "token id 600", "has 512 tokens"]
    case .notANumber: ["left/model.safetensors: tensor 'model.norm.weight'", "NaN"]
    case .emptyQuestions: ["choices.search.jsonl: the file has no rows"]
    case .malformedQuestions: ["choices.search.jsonl: line 2, column 21: "]
    case .missingChoices: ["choices.search.jsonl: line 3: column 'choices' is missing"]
    }
  }
}

@Suite("Models and questions that nothing can be scored on") struct RefusedInputTests {
  private static let commands = [
    ["evaluate", "left", "--task", "choices.yaml"], ["check", "tiny.yaml"],
    ["search", "tiny.yaml", "--store", "tiny.sqlite"],
  ]

  @Test("are refused with one message, and leave nothing", arguments: BrokenInput.allCases)
  func refusal(input: BrokenInput) async throws {
    let search = try TinySearch()
    try input.apply(to: search)
    let before = try search.folder.names()
    for command in Self.commands {
      let run = try await Program(in: search.folder.path).run(command)
      #expect(run.status == 2, "\(command): \(run.errors)")
      #expect(run.output == "")
      #expect(run.errors.hasPrefix("error: "))
      #expect(run.errors.split(separator: "\n").count == 2, "\(run.errors)")
      #expect(run.errors.contains("\n  fix: "))
      for text in input.mentions {
        #expect(run.errors.contains(text), "\(command): '\(text)' is not in: \(run.errors)")
      }
      #expect(try search.folder.names() == before)
    }
  }

  @Test("is scored while nothing is broken", arguments: commands.prefix(2))
  func acceptance(command: [String]) async throws {
    let search = try TinySearch()
    let run = try await Program(in: search.folder.path).run(command)
    #expect(run.status == 0, "\(run.errors)")
  }
}

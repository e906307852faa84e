import Foundation
import PopulationStore
import Tensors
import TestSupport

/// A search over three random decoders of a few kilobytes, with a few questions: a second or less.
struct TinySearch {
  let folder: TemporaryFolder

  private static let demo: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return parts.joined(separator: "/") + "/Datasets/demo"
  }()

  /// Writes models, tasks and search file.
  ///
  /// With `fragile` models, a merge overflows half precision where its random mask keeps one of two
  /// weights and the rescaling doubles its difference. `questions` is the number of search items of the
  /// first task, `evaluation` the section of the search file, `rules` what else is in its section `search`.
  init(
    fragile: Bool = false, questions: Int = 4, evaluations: Int = 120, population: Int = 6,
    evaluation: String = "{}", rules: String = ""
  ) throws {
    folder = try TemporaryFolder()
    for name in Self.models {
      var model = Self.model(named: name, dtype: fragile ? .f16 : .f32)
      if fragile {
        // The greatest half-precision number is 65504.
        let hidden = TinyModel.Sizes().hidden
        var gain = [Float](repeating: 1, count: hidden)
        for element in Self.fragileElements { gain[element] = name == "left" ? 65_312 : 64_992 }
        model.setTensor(TestTensor("model.norm.weight", .f16, [hidden], gain))
      }
      let path = try model.write(to: folder, as: name)
      for file in ["tokenizer.json", "tokenizer_config.json"] {
        try FileManager.default.copyItem(
          atPath: "\(Self.demo)/models/base/\(file)", toPath: "\(path)/\(file)")
      }
    }
    for (split, first) in [("search", 0), ("validation", 5), ("test", 9)] {
      let count = split == "search" ? questions : 4
      let choices = (first..<first + count).map { row in
        #"{"question": "read: zun \#(row) =", "choices": ["\#(row)", "mika", "9 + \#(row)"], "#
          + #""answer": \#(row % 3)}"#
      }
      try folder.write(choices.joined(separator: "\n"), to: "choices.\(split).jsonl")
      let texts = (first..<first + count - 1).map { row in
        #"{"prompt": "calc: \#(row) + 1 =", "target": "\#(row + 1)"}"#
      }
      try folder.write(texts.joined(separator: "\n"), to: "texts.\(split).jsonl")
    }
    try folder.write(
      """
      task: choices
      kind: multiple_choice
      splits: {search: choices.search.jsonl, validation: choices.validation.jsonl, test: choices.test.jsonl}
      prompt: "{{question}}"
      choices: choices
      answer: answer
      objective: gold_prob
      metrics: [gold_prob, acc]
      """, to: "choices.yaml")
    try folder.write(
      """
      task: texts
      kind: generate
      splits: {search: texts.search.jsonl, validation: texts.validation.jsonl, test: texts.test.jsonl}
      prompt: "{{prompt}}"
      answer: target
      until: ["\\n"]
      max_tokens: 4
      strip: true
      metrics: [exact_match]
      """, to: "texts.yaml")
    try folder.write(
      """
      name: tiny
      models:
        base: base
        experts: {left: left, right: right}
      space:
        method: {choose: [task_arithmetic, dare_ties]}
        profile: global
        weight: {range: [-0.2, 1.6], start: 0.6}
        dare_ties.density: {range: [0.1, 1.0], start: 0.5}
      tasks: [{file: choices.yaml, weight: 2}, {file: texts.yaml}]
      search: {evaluations: \(evaluations), seed: 3, population: \(population)\(rules)}
      evaluation: \(evaluation)
      """, to: "tiny.yaml")
  }

  /// Elements of the final norm of which some of the judges' mask seeds, 3…7, keep exactly one, but not
  /// the candidate's own seed, 3.
  private static let fragileElements = [0, 6]

  static let models = ["base", "left", "right"]

  /// One of the models as it is written.
  static func model(named name: String, dtype: DType = .f32) -> TinyModel {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 512
    let seed = models.firstIndex(of: name) ?? 0
    return TinyModel(.llama, sizes, dtype: dtype, tied: true, seed: UInt64(seed))
  }

  func path(_ store: String) -> String { folder.file(store) }

  /// Every table but `event`.
  func dump(_ store: String) throws -> String {
    try PopulationStore.open(path(store), for: .reading).dump()
  }
}

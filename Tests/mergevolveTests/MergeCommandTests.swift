import Checkpoints
import Documents
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("mergevolve merge") struct MergeCommandTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    for (name, seed) in [("base", 1), ("a", 2), ("b", 3)] {
      _ = try TinyModel(dtype: .bf16, seed: UInt64(seed)).write(to: folder, as: "models/\(name)")
    }
    try folder.write("{}", to: "models/base/tokenizer_config.json")
    try folder.write(
      """
      merge_method: task_arithmetic
      base_model: models/base
      models:
        - {model: models/a, parameters: {weight: [0.2, 0.7]}}
        - {model: models/b, parameters: {weight: 0.4}}
      dtype: float32
      out_dtype: bfloat16
      """, to: "recipe.yaml")
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    try FileContents.bytes(of: folder.file(name))
  }

  @Test("writes weights, configuration, tokenizer and card")
  func folderContents() async throws {
    let run = try await program.run(["merge", "recipe.yaml", "out"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "")
    #expect(
      try folder.names(in: "out") == [
        "README.md", "config.json", "mergekit_config.yml", "model.safetensors",
        "tokenizer_config.json",
      ])
    #expect(try bytes("out/config.json") == bytes("models/base/config.json"))
    #expect(try bytes("out/mergekit_config.yml") == bytes("recipe.yaml"))
    let checkpoint = try Checkpoint.open(folder.file("out"))
    #expect(checkpoint.tensorNames.count == 21)
    #expect(checkpoint.description(of: "lm_head.weight")?.dtype == .bf16)
  }

  @Test("gives equal bytes with any number of threads and files")
  func determinism() async throws {
    for (name, options) in [
      ("one", ["--threads", "1"]), ("two", ["--threads", "2"]),
      ("plain", ["--no-copy-tokenizer", "--no-write-model-card"]),
      ("shards", ["--out-shard-size", "2K"]),
    ] {
      let run = try await program.run(["merge", "recipe.yaml", name] + options)
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try bytes("one/model.safetensors") == bytes("two/model.safetensors"))
    #expect(try folder.names(in: "plain") == ["config.json", "model.safetensors"])
    let whole = try Checkpoint.open(folder.file("one"))
    let parts = try Checkpoint.open(folder.file("shards"))
    #expect(parts.files.count > 3)
    #expect(Set(parts.tensorNames) == Set(whole.tensorNames))
    for name in whole.tensorNames {
      let count = try #require(whole.description(of: name)).shape.elementCount
      var left = [Float](repeating: 0, count: count)
      var right = [Float](repeating: 1, count: count)
      var leftSpan = left.mutableSpan
      try whole.read(name, elements: 0..<count, into: &leftSpan)
      var rightSpan = right.mutableSpan
      try parts.read(name, elements: 0..<count, into: &rightSpan)
      #expect(left == right)
    }
  }

  @Test("finds models relative to the recipe, when they are not in the working directory")
  func relativePaths() async throws {
    let elsewhere = Program(in: NSTemporaryDirectory())
    let run = try await elsewhere.run(["merge", folder.file("recipe.yaml"), folder.file("out")])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test("overwrites nothing")
  func existing() async throws {
    try folder.write("mine", to: "out/file")
    let run = try await program.run(["merge", "recipe.yaml", "out"])
    #expect(run.status == 2)
    #expect(
      run.errors == """
        error: out: the folder exists and is not empty; nothing is overwritten
          fix: name a new folder, or remove this one

        """)
    #expect(try folder.names(in: "out") == ["file"])
  }

  @Test("writes the chat template that the recipe asks for")
  func chatTemplate() async throws {
    try folder.write(
      "merge_method: passthrough\nmodels: [{model: models/a}]\n"
        + "chat_template: \"{% for m in messages %}{{ m.content }}{% endfor %}\"\n",
      to: "chat.yaml")
    let run = try await program.run(["merge", "chat.yaml", "out", "--no-copy-tokenizer"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try FileContents.text(of: folder.file("out/chat_template.jinja"))
        == "{% for m in messages %}{{ m.content }}{% endfor %}")
  }

  @Test("can be inspected like the recipe it came from")
  func inspect() async throws {
    _ = try await program.run(["merge", "recipe.yaml", "out"])
    let recipe = try await program.run(["inspect", "recipe.yaml", "--json"])
    let merged = try await program.run(["inspect", "out", "--json"])
    let left = try JSONValue.parse(Array(recipe.output.utf8), location: "recipe")
    let right = try JSONValue.parse(Array(merged.output.utf8), location: "merged")
    #expect(left["kind"]?.string == "recipe")
    #expect(right["kind"]?.string == "checkpoint")
    for key in ["model_type", "layers", "parameters", "bytes", "dtypes", "vocabulary", "tied"] {
      #expect(left[key] != nil)
      #expect(left[key] == right[key], "\(key)")
    }
    #expect(left["models"]?.array?.count == 3)
  }
}

import Checkpoints
import Documents
import Foundation
import TestSupport
import Testing

@Suite("mergevolve merge with mergekit's options") struct MergekitOptionsTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    for (name, seed) in [("base", 1), ("a", 2)] {
      _ = try TinyModel(seed: UInt64(seed)).write(to: folder, as: name)
    }
    try folder.write(
      """
      merge_method: dare_linear
      base_model: base
      models: [{model: a, parameters: {weight: 1, density: 0.5}}]
      """, to: "dare.yaml")
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    try FileContents.bytes(of: folder.file(name))
  }

  @Test("the seed is that of the masks, and the recipe that is written gives them again")
  func randomSeed() async throws {
    for (recipe, output, options) in [
      ("dare.yaml", "zero", []), ("dare.yaml", "five", ["--random-seed", "5"]),
      ("five/mergekit_config.yml", "again", []),
    ] {
      let run = try await program.run(["merge", recipe, output] + options)
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try bytes("five/model.safetensors") == bytes("again/model.safetensors"))
    #expect(try bytes("five/model.safetensors") != bytes("zero/model.safetensors"))
  }

  @Test("those for speed are accepted, with a note where something might be expected of them")
  func speed() async throws {
    let run = try await program.run([
      "merge", "dare.yaml", "out", "--cuda", "--lazy-unpickle", "--low-cpu-memory", "-j", "1",
      "--lora-merge-cache", "cache", "--trust-remote-code", "--safe-serialization", "-v",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: merges run on the CPU\n"))
    #expect(run.errors.contains("note: --lora-merge-cache: "))
    #expect(run.errors.contains("note: --trust-remote-code: "))
    let quiet = try await program.run(["merge", "dare.yaml", "quiet", "--cuda", "--quiet"])
    #expect(quiet.errors == "")
    #expect(try bytes("quiet/model.safetensors") == bytes("out/model.safetensors"))
  }

  @Test("pickles are never written")
  func pickles() async throws {
    let run = try await program.run(["merge", "dare.yaml", "out", "--no-safe-serialization"])
    #expect(run.status == 2)
    #expect(run.errors.contains("pickles are never written"))
  }

  @Test("an option that changes the weights is noted in the recipe that is written")
  func noted() async throws {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 36
    try TinyModel(.llama, sizes, seed: 3).write(to: folder, as: "large")
    try folder.write(
      "merge_method: linear\nmodels: [{model: large}, {model: a}]\nparameters: {weight: 1}\n",
      to: "r.yaml")
    let refused = try await program.run(["merge", "r.yaml", "out"])
    #expect(refused.status == 2)
    let run = try await program.run(["merge", "r.yaml", "out", "--unsafe-truncate-embeddings"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("cut to the first 32 rows"))
    let recipe = try FileContents.text(of: folder.file("out/mergekit_config.yml"))
    #expect(recipe.hasPrefix("# merged with --unsafe-truncate-embeddings\nmerge_method"))
  }
}

@Suite("Tokenizers that merge writes") struct MergedTokenizerTests {
  private let folder: TemporaryFolder
  private let program: Program

  private static func document(_ vocabulary: String, _ added: String) -> String {
    """
    {"version": "1.0", "added_tokens": [\(added)], "normalizer": null, "pre_tokenizer": null,
     "post_processor": null, "decoder": null,
     "model": {"type": "BPE", "unk_token": "u", "vocab": \(vocabulary), "merges": []}}
    """
  }

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 3
    for (name, seed) in [("a", 1), ("b", 2)] {
      _ = try TinyModel(.llama, sizes, seed: UInt64(seed)).write(to: folder, as: name)
    }
    try folder.write(Self.document(#"{"u": 0, "x": 1, "y": 2}"#, ""), to: "a/tokenizer.json")
    try folder.write(
      Self.document(
        #"{"u": 0, "z": 1}"#,
        """
        {"id": 2, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}
        """),
      to: "b/tokenizer.json")
    try folder.write("{\"model_max_length\": 9}", to: "a/tokenizer_config.json")
    try folder.write("#version: 0.2", to: "a/merges.txt")
    try folder.write(
      "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}\n"
        + "tokenizer: {source: union}\nchat_template: mistral\n", to: "r.yaml")
  }

  @Test("a union has the new tokens, and no files that lack them")
  func union() async throws {
    let run = try await program.run(["merge", "r.yaml", "out", "--no-copy-tokenizer"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try folder.names(in: "out") == [
        "README.md", "chat_template.jinja", "config.json", "mergekit_config.yml",
        "model.safetensors", "tokenizer.json", "tokenizer_config.json",
      ])
    let tokenizer = try JSONValue.read(path: folder.file("out/tokenizer.json"))
    #expect(
      tokenizer["added_tokens"]?.array?.map { $0["content"] } == [.string("z"), .string("<s>")])
    #expect(
      try FileContents.text(of: folder.file("out/chat_template.jinja")).contains("[INST]"))
  }

  @Test("a recipe is tokenized as what it is merged to")
  func tokenize() async throws {
    _ = try await program.run(["merge", "r.yaml", "out"])
    let input = "{\"text\": \"xz<s>y\"}\n"
    let recipe = try await program.run(["tokenize", "r.yaml"], input: input)
    let merged = try await program.run(["tokenize", "out"], input: input)
    #expect(recipe.status == 0, "\(recipe.errors)")
    #expect(recipe.output.contains("[1,3,4,2]"))
    #expect(recipe.output == merged.output)
  }
}

import Checkpoints
import Documents
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("mergevolve logits") struct LogitsCommandTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    for (name, seed) in [("a", 1), ("b", 2)] {
      _ = try TinyModel(dtype: .bf16, seed: UInt64(seed)).write(to: folder, as: name)
    }
    try folder.write("{\"one\": [3], \"none\": [], \"é\": [1, 5, 31, 0, 5, 1]}", to: "ids.json")
  }

  private func logits(_ model: String, _ options: [String] = []) async throws -> [UInt8] {
    let run = try await program.run(
      ["logits", model, "--tokens", "ids.json", "--output", "out.safetensors"] + options)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "")
    return try FileContents.bytes(of: folder.file("out.safetensors"))
  }

  @Test("writes one tensor per name, tokens by vocabulary")
  func shapes() async throws {
    _ = try await logits("a")
    let file = try SafetensorsFile(path: folder.file("out.safetensors"))
    let shapes = file.tensors.map { "\($0.name) \($0.dtype.rawValue) \($0.shape)" }
    #expect(shapes.sorted() == ["none F32 [0, 32]", "one F32 [1, 32]", "é F32 [6, 32]"])
  }

  @Test("gives equal bits for a recipe and for its merge, with any number of threads")
  func recipeAndMerge() async throws {
    try folder.write(
      """
      merge_method: linear
      models:
        - {model: a, parameters: {weight: [0.3, 0.9]}}
        - {model: b, parameters: {weight: 0.5}}
      dtype: float32
      out_dtype: bfloat16
      """, to: "recipe.yaml")
    #expect(try await program.run(["merge", "recipe.yaml", "merged"]).status == 0)
    let merged = try await logits("merged")
    #expect(try await logits("recipe.yaml") == merged)
    #expect(try await logits("recipe.yaml", ["--threads", "1", "--precision", "f32"]) == merged)
    #expect(try await logits("a") != merged)
  }

  @Test(
    "refuses sequences that do not fit, and leaves no file",
    arguments: [
      ("[]", "is not a JSON object"), ("{\"a\": 1}", "is not a list of token ids"),
      ("{\"a\": [1, 32]}", "token id 32 is outside of the model's vocabulary of 32"),
      ("{\"a\": [-1]}", "-1 is not a token id"),
      ("{\"a\": [], \"a\": []}", "the name occurs twice"),
      ("{\"__metadata__\": []}", "this name cannot be that of a tensor"),
      (
        "{\"a\": [\(Array(repeating: "1", count: 65).joined(separator: ","))]}",
        "65 tokens are more than the model's 64 positions"
      ),
    ])
  func badTokens(text: String, problem: String) async throws {
    try folder.write(text, to: "bad.json")
    let run = try await program.run([
      "logits", "a", "--tokens", "bad.json", "--output", "out.safetensors",
    ])
    #expect(run.status == 2)
    #expect(run.errors.hasPrefix("error: bad.json"))
    #expect(run.errors.contains(problem))
    #expect(try folder.names() == ["a", "b", "bad.json", "ids.json"])
  }

  @Test("multiplies in bf16 where the processor has units for it, and says so where not")
  func precision() async throws {
    let run = try await program.run([
      "logits", "a", "--tokens", "ids.json", "--output", "o", "--precision", "bf16",
    ])
    if GemmBackend.standard.supports(.bf16) {
      #expect(run.status == 0)
    } else {
      #expect(run.status == 2)
      let reason =
        GemmBackend.standard == .openBLAS
        ? "OpenBLAS has no products in bf16" : "this processor has no units for bf16"
      #expect(run.errors.hasPrefix("error: --precision bf16: \(reason)"))
    }
  }
}

import Checkpoints
import Diagnostics
import Documents
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

private func refusal(
  _ reference: String, relativeTo folders: [String] = [""], cache: HubCache? = nil
) -> Diagnostic? {
  do {
    _ = try Checkpoint.open(
      reference, relativeTo: folders, cache: cache ?? HubCache(folder: "/nonexistent"))
    return nil
  } catch {
    return error
  }
}

private func values(_ checkpoint: Checkpoint, _ name: String, _ range: Range<Int>) throws -> [Float]
{
  var values = [Float](repeating: .nan, count: range.count)
  var span = values.mutableSpan
  try checkpoint.read(name, elements: range, into: &span)
  return values
}

@Suite("Checkpoints") struct CheckpointTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "yield the stored values, whatever the dtype and the number of shards",
    arguments: [DType.f32, .f16, .bf16], [1, 2, 3])
  func values(dtype: DType, shards: Int) throws {
    let model = TinyModel(dtype: dtype, seed: 5)
    let path = try model.write(to: folder, shards: shards)
    let checkpoint = try Checkpoint.open(path)
    #expect(Set(checkpoint.tensorNames) == Set(model.tensors.map(\.description.name)))
    #expect(checkpoint.files.count == shards)
    #expect(checkpoint.config.document["hidden_size"]?.integer == 16)
    for tensor in model.tensors {
      let name = tensor.description.name
      #expect(checkpoint.description(of: name) == tensor.description)
      let count = tensor.description.shape.elementCount
      let cuts = [0, 1, count / 3, count / 2, count]
      let read = try zip(cuts, cuts.dropFirst()).flatMap {
        try CheckpointsTests.values(checkpoint, name, $0..<$1)
      }
      #expect(read == tensor.values)
    }
    #expect(checkpoint.description(of: "model.layers.9.mlp.up_proj.weight") == nil)
  }

  @Test("say which tensor they lack and which dtype they cannot calculate in")
  func unreadableTensors() throws {
    var model = TinyModel()
    model.setTensor(TestTensor("position_ids", .i64, [1], bytes: littleEndian(0, 8)))
    model.setTensor(TestTensor("double", .f64, [1], [2]))
    let checkpoint = try Checkpoint.open(try model.write(to: folder))
    #expect(
      throws: Diagnostic(
        "the checkpoint has no tensor 'absent'", at: folder.file("model"),
        fix: "use a complete checkpoint of the model's architecture")
    ) { try CheckpointsTests.values(checkpoint, "absent", 0..<1) }
    for (name, dtype) in [("position_ids", "I64"), ("double", "F64")] {
      #expect(
        throws: Diagnostic(
          "cannot calculate in dtype \(dtype)",
          at: "\(folder.file("model"))/model.safetensors: tensor '\(name)'",
          fix: "convert the checkpoint to F32, BF16 or F16")
      ) { try CheckpointsTests.values(checkpoint, name, 0..<1) }
    }
  }

  @Test("prefer the single file over an index")
  func singleFirst() throws {
    let path = try TinyModel().write(to: folder)
    try folder.write("not an index", to: "model/model.safetensors.index.json")
    #expect(try Checkpoint.open(path).files.count == 1)
  }

  @Test("are found through links and relative to the first folder that has them")
  func paths() throws {
    _ = try TinyModel(seed: 1).write(to: folder, as: "b/model")
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: folder.file("b/model"))
    #expect(try Checkpoint.open(folder.file("link")).path == folder.file("link"))
    let found = try Checkpoint.open("model/", relativeTo: [folder.file("a"), folder.file("b")])
    #expect(found.path == folder.file("b/model"))
    #expect(refusal("model")?.problem.hasPrefix("no such model folder (model)") == true)
  }

  // MARK: Refusals

  @Test("refuse folders that are no model, and say why")
  func folders() throws {
    try folder.write("{}", to: "adapter/adapter_config.json")
    try folder.write([0], to: "adapter/adapter_model.safetensors")
    try folder.write("GGUF", to: "gguf/model-q4.gguf")
    try folder.write("{}", to: "pickle/config.json")
    try folder.write([0], to: "pickle/pytorch_model-00001-of-00002.bin")
    try folder.write("{}", to: "shards/config.json")
    try folder.write([0], to: "shards/model-00001-of-00002.safetensors")
    try folder.write("{}", to: "other/config.json")
    try folder.write([0], to: "other/consolidated.safetensors")
    try folder.write("{}", to: "empty/config.json")
    try folder.write("[]", to: "list/config.json")
    try folder.write([0], to: "file.safetensors")
    let expected = [
      "adapter": "holds a LoRA adapter (adapter_config.json), not a whole model",
      "pickle":
        "the only weights are a pickle (pytorch_model-00001-of-00002.bin), which is never read: it"
        + " can run any code",
      "shards": "has shards (model-00001-of-00002.safetensors) but no model.safetensors.index.json",
      "other":
        "holds neither model.safetensors nor model.safetensors.index.json, but"
        + " consolidated.safetensors",
      "empty": "holds no weights: neither model.safetensors nor model.safetensors.index.json",
      "file.safetensors": "is a file, not the folder of a model",
    ]
    for (name, problem) in expected {
      #expect(refusal(folder.file(name))?.problem == problem)
      #expect(refusal(folder.file(name))?.location == folder.file(name))
    }
    #expect(
      refusal(folder.file("gguf"))?.location == folder.file("gguf/model-q4.gguf"))
    #expect(refusal(folder.file("list"))?.problem == "is not a JSON object")
    #expect(refusal("")?.problem == "the name of a model is empty")
  }

  @Test("refuse links to nothing")
  func danglingLinks() throws {
    let path = try TinyModel().write(to: folder)
    let weights = path + "/model.safetensors"
    try FileManager.default.removeItem(atPath: weights)
    try FileManager.default.createSymbolicLink(
      atPath: weights, withDestinationPath: "../blobs/absent")
    #expect(
      refusal(path)
        == Diagnostic(
          "is a link to a file that does not exist", at: weights, fix: "download the model again"))
  }

  @Test("refuse quantised models")
  func quantised() throws {
    var model = TinyModel()
    model.setConfig("quantization_config", .object([.init("quant_method", .string("gptq"))]))
    let first = try model.write(to: folder, as: "gptq")
    #expect(
      refusal(first)?.description
        == "\(first)/config.json: quantization_config: the model is quantised (gptq), so its weights"
        + " cannot be merged\n  fix: use the checkpoint that was quantised, in F32, F16 or BF16")

    var fp8 = TinyModel()
    fp8.setTensor(TestTensor("model.norm.weight", .f8e4m3, [2], bytes: [1, 2]))
    #expect(
      refusal(try fp8.write(to: folder, as: "fp8"))?.problem
        == "dtype F8_E4M3 is that of a quantised model, whose weights cannot be merged")
  }

  @Test(
    "refuse an index that is none or points elsewhere",
    arguments: [
      ("{}", "has no object 'weight_map'"), ("{\"weight_map\": []}", "has no object 'weight_map'"),
      ("{\"weight_map\": {}}", "weight_map names no tensors"),
      ("{\"weight_map\": {\"a\": 1}}", "its value is not a string"),
      ("{\"weight_map\": {\"a\": \"x\", \"a\": \"x\"}}", "is listed twice"),
      ("{\"weight_map\": {\"a\": \"../x\"}}", "the shard '../x' is not a plain file name"),
      ("{\"weight_map\": {\"a\": \"/x\"}}", "the shard '/x' is not a plain file name"),
      ("{\"weight_map\": {\"a\": \"..\"}}", "the shard '..' is not a plain file name"),
      ("{\"weight_map\": {\"a\": \"\"}}", "the shard '' is not a plain file name"),
      (
        "{\"weight_map\": {\"a\": \"x.safetensors\"}}",
        "shard 1 of 1 is missing: model.safetensors.index.json names it, but there is no such file"
      ),
    ])
  func badIndex(text: String, problem: String) throws {
    try folder.write("{}", to: "m/config.json")
    try folder.write(text, to: "m/model.safetensors.index.json")
    #expect(refusal(folder.file("m"))?.problem == problem)
  }

  @Test("leave out tensors that the index does not list, and obey it when two shards have one")
  func indexDecides() throws {
    try folder.write("{}", to: "m/config.json")
    let one = TestTensor("w", .f32, [1], [1])
    let two = TestTensor("w", .f32, [1], [2])
    let extra = TestTensor("extra", .f32, [1], [3])
    try folder.write(safetensors([one, extra]), to: "m/1.safetensors")
    try folder.write(
      safetensors([two, TestTensor("v", .f32, [1], [4])]), to: "m/2.safetensors")
    try folder.write(
      "{\"weight_map\": {\"w\": \"1.safetensors\", \"v\": \"2.safetensors\"}}",
      to: "m/model.safetensors.index.json")
    let checkpoint = try Checkpoint.open(folder.file("m"))
    #expect(checkpoint.tensorNames == ["w", "v"])
    #expect(checkpoint.unlistedTensors == ["extra"])
    #expect(try CheckpointsTests.values(checkpoint, "w", 0..<1) == [1])
    #expect(checkpoint.description(of: "extra") == nil)
  }

  // MARK: The cache of the hub

  @Test("are found by their hub id in the local cache")
  func hubCache() throws {
    let commit = "0123456789abcdef0123456789abcdef01234567"
    let base = "hub/models--org--tiny"
    let path = try TinyModel().write(to: folder, as: "\(base)/snapshots/\(commit)")
    try folder.write(commit + "\n", to: "\(base)/refs/main")
    let blob = folder.file("\(base)/blob")
    try FileManager.default.moveItem(atPath: path + "/model.safetensors", toPath: blob)
    try FileManager.default.createSymbolicLink(
      atPath: path + "/model.safetensors", withDestinationPath: "../../blob")
    let cache = HubCache(folder: folder.file("hub"))
    for reference in ["org/tiny", "org/tiny@main", "org/tiny@\(commit)"] {
      #expect(try Checkpoint.open(reference, cache: cache).path == path)
    }
    #expect(
      refusal("org/tiny@v2", cache: cache)?.fix
        == "download it with 'hf download org/tiny', or name one that is there, such as"
        + " org/tiny@\(commit)")
    #expect(
      refusal("org/tiny@../../x", cache: cache)?.problem == "'../../x' is no name of a revision")
    #expect(
      refusal("org/other", cache: cache)?.problem
        == "no such model folder (org/other), and no such model in the local Hugging Face cache"
        + " (\(folder.file("hub")))")
    #expect(refusal("../org/other", cache: cache)?.fix == "check the path")
  }

  @Test("obey the variables of the hub's own tools")
  func environment() {
    #expect(HubCache(environment: ["HOME": "/h"]).folder == "/h/.cache/huggingface/hub")
    #expect(
      HubCache(environment: ["HOME": "/h", "XDG_CACHE_HOME": "/x"]).folder == "/x/huggingface/hub")
    #expect(HubCache(environment: ["HOME": "/h", "HF_HOME": "/hf"]).folder == "/hf/hub")
    #expect(
      HubCache(environment: ["HF_HOME": "/hf", "HF_HUB_CACHE": "/c"]).folder == "/c")
    #expect(HubCache(environment: ["HF_HUB_CACHE": "", "HF_HOME": "/hf"]).folder == "/hf/hub")
  }
}

import Checkpoints
import Diagnostics
import Documents
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Writing checkpoints") struct CheckpointWriterTests {
  private let folder: TemporaryFolder
  private let pool = WorkerPool(threads: 2)

  init() throws { folder = try TemporaryFolder() }

  private func write(
    _ model: TinyModel, _ writer: CheckpointWriter = CheckpointWriter(), to name: String = "out",
    tokenizer: String? = nil, texts: [CheckpointWriter.TextFile] = []
  ) throws {
    try writer.write(
      MemoryWeights(model), to: folder.file(name), tokenizer: tokenizer, texts: texts, on: pool)
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    try FileContents.bytes(of: folder.file(name))
  }

  // MARK: Weights

  @Test("gives the bytes that safetensors' own writer gives")
  func sameAsLibrary() throws {
    let original = Golden.path("bad/models/good-a")
    let checkpoint = try Checkpoint.open(original)
    try CheckpointWriter().write(checkpoint, to: folder.file("out"), on: pool)
    #expect(
      try bytes("out/model.safetensors")
        == FileContents.bytes(of: original + "/model.safetensors"))
    #expect(try folder.names(in: "out") == ["config.json", "model.safetensors"])
  }

  @Test("reads back as it was, in every dtype", arguments: [DType.f32, .f16, .bf16], [1, 4])
  func roundTrip(dtype: DType, threads: Int) throws {
    let model = TinyModel(.qwen2, dtype: dtype, seed: 9)
    try CheckpointWriter().write(
      MemoryWeights(model), to: folder.file("out"), on: WorkerPool(threads: threads))
    let checkpoint = try Checkpoint.open(folder.file("out"))
    #expect(checkpoint.tensorNames.count == model.tensors.count)
    for tensor in model.tensors {
      let name = tensor.description.name
      #expect(checkpoint.description(of: name) == tensor.description)
      let stored = try checkpoint.withBytes(
        of: name, elements: 0..<tensor.description.shape.elementCount
      ) { Array(copying: $0) }
      #expect(stored == tensor.bytes)
    }
  }

  @Test("aligns data and orders it by falling dtype rank, then name")
  func order() throws {
    var model = TinyModel()
    model.tensors = [
      TestTensor("c", .bf16, [3], [1, 2, 3]), TestTensor("b", .f32, [1], [4]),
      TestTensor("a", .bf16, [1], [5]), TestTensor("scalar", .f32, [], [6]),
      TestTensor("none", .f32, [0, 2], []),
    ]
    try write(model)
    let checkpoint = try Checkpoint.open(folder.file("out"))
    #expect(checkpoint.tensorNames == ["b", "none", "scalar", "a", "c"])
    let file = try bytes("out/model.safetensors")
    #expect((8 + Int(file[0]) + Int(file[1]) << 8).isMultiple(of: 8))
    #expect(file.suffix(8) == [0xA0, 0x40, 0x80, 0x3F, 0x00, 0x40, 0x40, 0x40])
  }

  @Test("writes large tensors in tiles")
  func tiles() throws {
    let count = (1 << 17) * 2 + 3
    var model = TinyModel()
    model.tensors = [
      TestTensor("big", .f32, [count], (0..<count).map { Float($0) }),
      TestTensor("after", .f32, [1], [-1]),
    ]
    try write(model)
    let checkpoint = try Checkpoint.open(folder.file("out"))
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    try checkpoint.read("big", elements: 0..<count, into: &span)
    #expect(values == model["big"]?.values)
  }

  @Test("fills shards greedily in the order of the tensors", arguments: [1, 40, 100, 1_000_000])
  func shards(limit: Int) throws {
    var model = TinyModel()
    model.tensors = [5, 5, 15, 10, 2].enumerated().map { index, count in
      TestTensor(
        "t\(9 - index)", .f32, [count], [Float](repeating: Float(index), count: count))
    }
    try write(model, CheckpointWriter(shardLimit: limit))
    let expected: [[String]] =
      switch limit {
      case 1: [["t9"], ["t8"], ["t7"], ["t6"], ["t5"]]
      case 40: [["t8", "t9"], ["t7"], ["t6"], ["t5"]]
      case 100: [["t7", "t8", "t9"], ["t5", "t6"]]
      default: [["t5", "t6", "t7", "t8", "t9"]]
      }
    let checkpoint = try Checkpoint.open(folder.file("out"))
    #expect(checkpoint.files.map { $0.tensors.map(\.name) } == expected)
    let index = folder.file("out/model.safetensors.index.json")
    if expected.count == 1 {
      #expect(!FileContents.exists(index))
    } else {
      let document = try JSONValue.read(path: index)
      #expect(document["metadata"]?["total_size"]?.integer == 37 * 4)
      #expect(document["metadata"]?["total_parameters"]?.integer == 37)
      #expect(
        document["weight_map"]?["t9"]?.string
          == "model-00001-of-0000\(expected.count).safetensors")
      #expect(document["weight_map"]?.members?.map(\.key) == ["t5", "t6", "t7", "t8", "t9"])
    }
  }

  @Test("never writes the head of a tied model")
  func tied() throws {
    var model = TinyModel(tied: false)
    model.setConfig("tie_word_embeddings", .bool(true))
    try write(model)
    let checkpoint = try Checkpoint.open(folder.file("out"))
    #expect(checkpoint.description(of: "lm_head.weight") == nil)
    #expect(checkpoint.tensorNames.count == model.tensors.count - 1)
  }

  // MARK: Other files

  @Test("copies the configuration, but for the dtype in its own spelling")
  func configuration() throws {
    var model = TinyModel(dtype: .bf16)
    model.config = [
      .init("z", .number("1e-05")), .init("torch_dtype", .string("float32")),
      .init("text_config", .object([.init("dtype", .null)])), .init("a", .array([])),
    ]
    try write(model)
    #expect(
      try FileContents.text(of: folder.file("out/config.json")) == """
        {
          "z": 1e-05,
          "torch_dtype": "bfloat16",
          "text_config": {
            "dtype": "bfloat16"
          },
          "a": []
        }

        """)
    model.config = [.init("a", .null)]
    try write(model, to: "other")
    #expect(try FileContents.text(of: folder.file("other/config.json")) == "{\n  \"a\": null\n}\n")
  }

  @Test("copies tokenizer files, through links, and writes texts")
  func companions() throws {
    try folder.write("{}", to: "blobs/1")
    try folder.write("{{ x }}", to: "tok/chat_template.jinja")
    try folder.write("{}", to: "tok/generation_config.json")
    try folder.write("{}", to: "tok/config.json")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("tok/tokenizer.json"), withDestinationPath: "../blobs/1")
    try write(
      TinyModel(), tokenizer: folder.file("tok"),
      texts: [
        .init(name: "README.md", text: "# é\n"),
        .init(name: "chat_template.jinja", text: "{{ y }}"),
      ])
    #expect(
      try folder.names(in: "out") == [
        "README.md", "chat_template.jinja", "config.json", "generation_config.json",
        "model.safetensors", "tokenizer.json",
      ])
    #expect(try FileContents.text(of: folder.file("out/README.md")) == "# é\n")
    #expect(try FileContents.text(of: folder.file("out/chat_template.jinja")) == "{{ y }}")
    let attributes = try FileManager.default.attributesOfItem(
      atPath: folder.file("out/tokenizer.json"))
    #expect(attributes[.type] as? FileAttributeType == .typeRegular)
  }

  // MARK: The folder

  @Test("overwrites nothing unless told")
  func existing() throws {
    try folder.write("mine", to: "out/note.txt")
    #expect(
      throws: Diagnostic(
        "the folder exists and is not empty; nothing is overwritten", at: folder.file("out"),
        fix: "name a new folder, or remove this one")
    ) { try write(TinyModel()) }
    #expect(try folder.names() == ["out"])
    #expect(try folder.names(in: "out") == ["note.txt"])

    try write(TinyModel(), CheckpointWriter(existing: .replace))
    #expect(try folder.names() == ["out"])
    #expect(try folder.names(in: "out") == ["config.json", "model.safetensors"])

    try FileManager.default.createDirectory(
      atPath: folder.file("empty"), withIntermediateDirectories: false)
    try write(TinyModel(), to: "empty")
    #expect(try folder.names(in: "empty") == ["config.json", "model.safetensors"])

    try folder.write("mine", to: "file")
    #expect(
      throws: Diagnostic(
        "there is a file of this name", at: folder.file("file"), fix: "name a new folder")
    ) { try write(TinyModel(), to: "file") }
    #expect(
      throws: Diagnostic(
        "\(folder.file("file")) is no folder", at: folder.file("file/a/b"),
        fix: "name another folder")
    ) { try CheckpointWriter().checkPlace(folder.file("file/a/b")) }
    #expect(
      throws: Diagnostic("the name of the output folder is empty", at: "", fix: "name a new folder")
    ) { try CheckpointWriter().checkPlace("") }
    #expect(throws: Never.self) { try CheckpointWriter().checkPlace(folder.file("new/folder")) }
  }

  @Test("leaves nothing behind when a value is not finite")
  func broken() throws {
    var model = TinyModel()
    model.setTensor(TestTensor("model.norm.weight", .f16, [3], [1, .infinity, .nan]))
    #expect(
      throws: Diagnostic(
        "2 of the values to be written are NaN or infinite",
        at: "memory/config.json: tensor 'model.norm.weight'",
        fix: "write bfloat16 or float32, which have no limit of 65504, or use smaller weights")
    ) { try write(model, to: "new/parents/out") }
    #expect(try folder.names().isEmpty)
  }

  @Test("leaves nothing behind when it is cancelled")
  func cancelled() async throws {
    let place = folder.file("out")
    let pool = pool
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try CheckpointWriter().write(MemoryWeights(TinyModel()), to: place, on: pool)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try folder.names().isEmpty)
  }

  @Test("clears away what a killed attempt at the same folder left")
  func remains() throws {
    try folder.write("half", to: ".out.partial-999999999/model.safetensors")
    try folder.write("other", to: ".out2.partial-999999999/model.safetensors")
    try write(TinyModel())
    #expect(try folder.names() == [".out2.partial-999999999", "out"])
  }

  @Test("refuses types that cannot be written")
  func types() throws {
    var model = TinyModel()
    model.setTensor(TestTensor("double", .f64, [1], [1]))
    #expect(
      throws: Diagnostic(
        "tensor 'double' has dtype F64, which cannot be written", at: "memory/config.json",
        fix: "choose float32, bfloat16 or float16 as the out_dtype")
    ) { try write(model) }
    #expect(try folder.names().isEmpty)
  }
}

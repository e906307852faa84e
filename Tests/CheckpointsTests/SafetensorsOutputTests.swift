import Checkpoints
import Diagnostics
import Documents
import Tensors
import TestSupport
import Testing

@Suite("Files of computed tensors") struct SafetensorsOutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("hold what was written, in pieces and in any order")
  func pieces() throws {
    let tensors = [
      TensorDescription(name: "b", dtype: .f32, shape: Shape([2, 3])),
      TensorDescription(name: "a", dtype: .f32, shape: Shape([0, 3])),
    ]
    let path = try folder.write("old", to: "out.safetensors")
    let output = try SafetensorsOutput(path, tensors: tensors)
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    try output.write(values.span.extracting(4..<6), to: "b", from: 4)
    try output.write(values.span.extracting(0..<4), to: "b")
    #expect(try FileContents.text(of: path) == "old")
    try output.finish()
    #expect(
      try FileContents.bytes(of: path)
        == safetensors(
          header:
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"#
            + #""b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}} "#,
          data: TestTensor("b", .f32, [2, 3], values).bytes))
    #expect(try folder.names() == ["out.safetensors"])
  }

  @Test("leave nothing when they are given up or have no place")
  func nothing() throws {
    do {
      let output = try SafetensorsOutput(folder.file("out"), tensors: [])
      #expect(try folder.names().count == 1)
      _ = output
    }
    #expect(try folder.names().isEmpty)
    #expect(throws: Diagnostic.self) {
      try SafetensorsOutput(folder.file("absent/out"), tensors: [])
    }
    try folder.write("", to: "taken/file")
    let output = try SafetensorsOutput(folder.file("taken"), tensors: [])
    #expect(throws: Diagnostic.self) { try output.finish() }
  }
}

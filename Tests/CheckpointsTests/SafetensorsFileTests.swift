import Checkpoints
import Diagnostics
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Safetensors files") struct SafetensorsFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ bytes: [UInt8]) throws -> String {
    let path = try folder.write(bytes, to: "m.safetensors")
    do {
      _ = try SafetensorsFile(path: path)
      return "accepted"
    } catch {
      #expect(error.location == path)
      return error.problem
    }
  }

  @Test("hands out the bytes of any range, at any alignment")
  func bytes() throws {
    let tensors = [
      TestTensor("flag", .bool, [3], bytes: [1, 0, 1]),
      TestTensor("w", .f32, [2, 2], [1, -2, 0.5, .infinity]),
      TestTensor("h", .f4, [6], bytes: [0x12, 0x34, 0x56]),
      TestTensor("none", .f32, [0, 4], bytes: []),
    ]
    let path = try folder.write(safetensors(tensors), to: "m.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors == tensors.map(\.description))
    for tensor in tensors {
      let count = tensor.description.shape.elementCount
      let bytes = try file.withBytes(of: tensor.description.name, elements: 0..<count) {
        Array(copying: $0)
      }
      #expect(bytes == tensor.bytes)
    }
    let middle = try file.withBytes(of: "h", elements: 2..<4) { Array(copying: $0) }
    #expect(middle == [0x34])
    let empty = try file.withBytes(of: "w", elements: 4..<4) { $0.byteCount }
    #expect(empty == 0)
  }

  @Test("refuses a header that the file cannot hold")
  func headerLength() throws {
    #expect(try refusal([]) == "is empty (0 bytes)")
    #expect(
      try refusal([1, 2, 3])
        == "is too short for safetensors: 3 bytes, the header's length alone takes 8")
    #expect(
      try refusal(littleEndian(3, 8) + Array("{}".utf8))
        == "the header's length is given as 3 bytes, which does not fit in a file of 10 bytes")
    #expect(
      try refusal(littleEndian(.max, 8) + Array("{}".utf8))
        == "the header's length is given as 18446744073709551615 bytes, which does not fit in a file"
        + " of 10 bytes")
  }

  @Test("refuses a header of more than 100 MB before reading it")
  func hugeHeader() throws {
    let path = folder.file("huge.safetensors")
    try folder.write(littleEndian(100_000_001, 8) + Array("{}".utf8), to: "huge.safetensors")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 200_000_000)
    try handle.close()
    #expect(
      throws: Diagnostic(
        "the header's length is given as 100000001 bytes; the format allows at most 100000000",
        at: path, fix: "do not use the file: it is damaged or hostile")
    ) { try SafetensorsFile(path: path) }
  }

  @Test("fails cleanly when the file shrinks underneath")
  func shrinking() throws {
    let path = try folder.write(
      safetensors([TestTensor("w", .f32, [4], [1, 2, 3, 4])]), to: "m.safetensors")
    let file = try SafetensorsFile(path: path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 20)
    try handle.close()
    #expect(throws: Diagnostic.self) {
      try file.withBytes(of: "w", elements: 0..<4) { $0.byteCount }
    }
  }

  @Test("survives every truncation and every changed byte", arguments: [0x00, 0x22, 0x39, 0xFF])
  func mutations(replacement: UInt8) throws {
    let good = safetensors([
      TestTensor("a", .f32, [2], [1, 2]), TestTensor("b", .bf16, [2, 1], [1, 2]),
    ])
    for position in good.indices {
      var changed = good
      changed[position] = replacement
      let path = try folder.write(changed, to: "m.safetensors")
      _ = try? SafetensorsFile(path: path)
      let cut = try folder.write(Array(good[..<position]), to: "m.safetensors")
      #expect(throws: Diagnostic.self) { try SafetensorsFile(path: cut) }
    }
  }
}

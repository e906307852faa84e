import Documents
import Foundation
import Kernels
import MergeEngine
import Tensors
import TestSupport
import Testing

/// Anonymous memory of the process, in bytes.
private func anonymousMemory() throws -> Int {
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
  let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
  return (kibibytes.flatMap { Int($0) } ?? .max >> 10) << 10
}

/// How much anonymous memory grows while a tensor of 64 MB is merged piece by piece.
private func growth(_ method: String) throws -> Int {
  let folder = try TemporaryFolder()
  var sizes = TinyModel.Sizes()
  sizes.vocabulary = 1 << 20
  var small = TinyModel.Sizes()
  small.vocabulary = 1 << 8
  for (seed, name) in ["a", "b", "c"].enumerated() {
    var model = TinyModel(.llama, small, tied: true, seed: UInt64(seed))
    model.setConfig("vocab_size", JSONValue(sizes.vocabulary))
    let block = model["model.embed_tokens.weight"]?.bytes ?? []
    let repeated = Array(repeatElement(block, count: 1 << 12).joined())
    model.setTensor(
      TestTensor("model.embed_tokens.weight", .f32, [sizes.vocabulary, 16], bytes: repeated))
    try model.write(to: folder, as: name)
  }
  let plan = try plan(
    """
    merge_method: \(method)
    base_model: a
    models: [{model: b}, {model: c}]
    parameters: {weight: 0.5\(method == "ties" ? ", density: 0.5" : "")}
    """, in: folder.path)
  let name = "model.embed_tokens.weight"
  let piece = 1 << 16
  var buffer = [Float](repeating: 0, count: piece)
  let before = try anonymousMemory()
  try plan.prepare(name, on: WorkerPool(threads: 2))
  for start in stride(from: 0, to: sizes.vocabulary * 16, by: piece) {
    var span = buffer.mutableSpan
    try plan.read(name, elements: start..<start + piece, into: &span)
  }
  return try anonymousMemory() - before
}

/// Each in a process of its own, as tests run side by side.
@Suite("Memory of merges")
struct MergeMemoryTests {
  @Test("stays below an eighth of a tensor for linear")
  func linear() async {
    await #expect(processExitsWith: .success) {
      let grown = try growth("linear")
      precondition(grown < 8 << 20, "\(grown) bytes")
    }
  }

  @Test("stays below an eighth of a tensor for ties")
  func ties() async {
    await #expect(processExitsWith: .success) {
      let grown = try growth("ties")
      precondition(grown < 8 << 20, "\(grown) bytes")
    }
  }
}

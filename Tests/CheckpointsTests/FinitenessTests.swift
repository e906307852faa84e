import Checkpoints
import Diagnostics
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Scan for NaN and infinity") struct FinitenessTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("counts in every floating-point dtype", arguments: [DType.f16, .bf16, .f32, .f64], 0..<20)
  func counts(dtype: DType, length: Int) throws {
    let odd: [Float] = [.nan, .infinity, -.infinity, -.nan, -0.0, .leastNonzeroMagnitude, 60_000]
    let values = (0..<length).map { odd[$0 % odd.count] }
    let expected = values.count { !$0.isFinite }
    var model = TinyModel()
    model.setTensor(TestTensor("a", .u8, [1], bytes: [0xFF]))
    model.setTensor(TestTensor("w", dtype, [length], values))
    let checkpoint = try Checkpoint.open(try model.write(to: folder))
    let found = try checkpoint.nonFinite(
      in: checkpoint.tensorNames, on: WorkerPool(threads: 2))
    #expect(found.map(\.name) == (expected > 0 ? ["w"] : []))
    #expect(found.map(\.count) == (expected > 0 ? [expected] : []))
  }

  @Test("finds values in every tile and names the tensors", arguments: [1, 3])
  func tiles(threads: Int) throws {
    let count = (1 << 20) * 2 + 5
    var values = [Float](repeating: 1, count: count)
    for position in [0, (1 << 20) - 1, 1 << 20, count - 1] { values[position] = .nan }
    var model = TinyModel()
    model.setTensor(TestTensor("big", .bf16, [count], values))
    model.setTensor(TestTensor("model.norm.weight", .f32, [1], [.infinity]))
    let checkpoint = try Checkpoint.open(try model.write(to: folder))
    let pool = WorkerPool(threads: threads)
    #expect(try checkpoint.nonFinite(in: ["big"], on: pool).map(\.count) == [4])
    #expect(
      throws: Diagnostic(
        "has 4 values that are NaN or infinite; so has 'model.norm.weight'",
        at: "\(folder.file("model"))/model.safetensors: tensor 'big'",
        fix: "download the checkpoint again, or leave it out: every merge with it would be broken")
    ) { try checkpoint.checkFinite(["big", "model.norm.weight"], on: pool) }
    #expect(throws: Never.self) {
      try checkpoint.checkFinite(["lm_head.weight"], on: pool)
    }
  }
}

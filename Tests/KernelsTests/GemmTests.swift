import Diagnostics
import Kernels
import Tensors
import Testing

@Suite("Matrix products") struct GemmTests {
  /// Reproducible values in -1...1.
  private func values(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
  }

  @Test(
    "equal a plain product",
    arguments: GemmBackend.available, [(1, 1), (5, 3), (16, 40), (160, 448), (485, 160), (67, 129)])
  func plainProduct(backend: GemmBackend, shape: (outputs: Int, inputs: Int)) throws {
    let gemm = Gemm(backend)
    let weights = values(shape.outputs * shape.inputs, seed: 1)
    let matrix = gemm.pack(weights.span, outputs: shape.outputs, inputs: shape.inputs)
    for height in gemm.heights {
      let rows = values(height * shape.inputs, seed: 2)
      var output = [Float](repeating: .nan, count: height * shape.outputs)
      var span = output.mutableSpan
      gemm.multiply(rows.span, matrix, into: &span)
      for row in stride(from: 0, to: height, by: 9) {
        for column in 0..<shape.outputs {
          var sum = 0.0
          for index in 0..<shape.inputs {
            sum +=
              Double(rows[row * shape.inputs + index])
              * Double(weights[column * shape.inputs + index])
          }
          let difference = abs(Double(output[row * shape.outputs + column]) - sum)
          #expect(difference <= 1e-6 * Double(shape.inputs).squareRoot() + 1e-6)
        }
      }
    }
  }

  @Test(
    "in bfloat16 equal a plain product of rounded factors", .enabled(if: hasBFloat16),
    arguments: [(1, 1), (5, 3), (16, 40), (160, 448), (485, 160), (67, 129)])
  func roundedProduct(shape: (outputs: Int, inputs: Int)) throws {
    let gemm = Gemm(.standard, .bf16)
    var weights = values(shape.outputs * shape.inputs, seed: 1)
    let matrix = gemm.pack(weights.span, outputs: shape.outputs, inputs: shape.inputs)
    round(&weights)
    for height in gemm.heights {
      var rows = values(height * shape.inputs, seed: 2)
      var output = [Float](repeating: .nan, count: height * shape.outputs)
      var span = output.mutableSpan
      gemm.multiply(rows.span, matrix, into: &span)
      round(&rows)
      for row in stride(from: 0, to: height, by: 9) {
        for column in 0..<shape.outputs {
          var sum = 0.0
          for index in 0..<shape.inputs {
            sum +=
              Double(rows[row * shape.inputs + index])
              * Double(weights[column * shape.inputs + index])
          }
          let difference = abs(Double(output[row * shape.outputs + column]) - sum)
          #expect(difference <= 1e-6 * Double(shape.inputs).squareRoot() + 1e-6)
        }
      }
    }
  }

  private func round(_ values: inout [Float]) {
    var span = values.mutableSpan
    Kernels.round(&span, to: .bf16)
  }

  /// The precisions of this machine.
  static let precisions = GemmPrecision.allCases.filter { GemmBackend.standard.supports($0) }
  static let hasBFloat16 = precisions.contains(.bf16)

  @Test("the self-test keeps heights of 64 and its multiples", arguments: precisions)
  func selfTest(precision: GemmPrecision) throws {
    let gemm = try Gemm(.standard, precision).verify(
      shapes: [(160, 160), (80, 160), (448, 160), (160, 448), (485, 160), (13, 7), (1000, 896)],
      on: WorkerPool(threads: 2))
    #expect(!gemm.heights.isEmpty)
    #expect(gemm.heights.allSatisfy { $0 % 64 == 0 })
    #expect(gemm.heights == gemm.heights.sorted())
  }

  @Test("OpenBLAS has no bfloat16")
  func refusedPrecision() { #expect(!GemmBackend.openBLAS.supports(.bf16)) }

  @Test("one matrix serves several workers at once, bit for bit")
  func concurrentUse() throws {
    let gemm = Gemm(.standard)
    let matrix = gemm.pack(values(96 * 80, seed: 3).span, outputs: 96, inputs: 80)
    let rows = values(64 * 80, seed: 4)
    let results = try WorkerPool(threads: 4).map(32) { _ -> [Float] in
      var output = [Float](repeating: 0, count: 64 * 96)
      var span = output.mutableSpan
      gemm.multiply(rows.span, matrix, into: &span)
      return output
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test(
    "packing by slices on any number of workers gives the same matrix",
    arguments: GemmBackend.available, GemmPrecision.allCases)
  func slices(backend: GemmBackend, precision: GemmPrecision) throws {
    guard backend.supports(precision) else { return }
    let gemm = Gemm(backend, precision)
    let (outputs, inputs) = (1100, 320)
    let weights = values(outputs * inputs, seed: 5)
    let rows = values(gemm.heights[0] * inputs, seed: 6)
    func product(_ matrix: PackedMatrix) -> [Float] {
      var output = [Float](repeating: .nan, count: gemm.heights[0] * outputs)
      var span = output.mutableSpan
      gemm.multiply(rows.span, matrix, into: &span)
      return output
    }
    let expected = product(gemm.pack(weights.span, outputs: outputs, inputs: inputs))
    for threads in [1, 2, 5] {
      let pool = WorkerPool(threads: threads)
      let matrix = try gemm.pack(outputs: outputs, inputs: inputs, on: pool) { slice, rows in
        for index in 0..<rows.count { rows[index] = weights[slice.lowerBound * inputs + index] }
      }
      #expect(product(matrix) == expected)
    }
  }

  @Test("a failing source of weights fails the packing", arguments: GemmBackend.available)
  func failingSource(backend: GemmBackend) throws {
    let problem = Diagnostic("gone", at: "file", fix: "bring it back")
    #expect(throws: problem) {
      _ = try Gemm(backend).pack(outputs: 900, inputs: 2000, on: WorkerPool(threads: 2)) {
        slice, _ in
        if slice.upperBound > 200 { throw problem }
      }
    }
  }
}

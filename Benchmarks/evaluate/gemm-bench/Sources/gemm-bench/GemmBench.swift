import Glibc
import Kernels

/// The most multiply-adds per second that the GEMM library reaches on all processors, for 512 × 2048 × 2048 and for
/// the shapes `OUTPUTSxINPUTS` given as arguments; one line per precision: `f32 GIGA_MULTIPLY_ADDS`.
@main
struct GemmBench {
  static func main() throws {
    let shapes =
      [(outputs: 2048, inputs: 2048)]
      + CommandLine.arguments.dropFirst().compactMap { text in
        let sizes = text.split(separator: "x").compactMap { Int($0) }
        return sizes.count == 2 ? (outputs: sizes[0], inputs: sizes[1]) : nil
      }
    let pool = WorkerPool(threads: WorkerPool.processorCount)
    for precision in GemmPrecision.allCases where GemmBackend.standard.supports(precision) {
      var best = 0.0
      for shape in shapes {
        best = max(best, try rate(shape.outputs, shape.inputs, precision, pool))
      }
      print("\(precision.rawValue) \(best)")
    }
  }

  /// Every worker multiplies blocks of its own with one matrix; the best of several rounds counts.
  private static func rate(
    _ outputs: Int, _ inputs: Int, _ precision: GemmPrecision, _ pool: WorkerPool
  ) throws -> Double {
    let gemm = Gemm(.standard, precision)
    let weights = (0..<outputs * inputs).map { Float($0 % 17) / 17 - 0.5 }
    let matrix = gemm.pack(weights.span, outputs: outputs, inputs: inputs)
    var best = 0.0
    for height in gemm.heights {
      let blocks = max(1, 512 / height) * 4
      for _ in 0..<5 {
        let began = WorkTimes.now()
        try pool.forEach(pool.threads) { _ in
          let scratch = GemmScratch()
          let rows = [Float](repeating: 0.5, count: height * inputs)
          var output = [Float](repeating: 0, count: height * outputs)
          var span = output.mutableSpan
          for _ in 0..<blocks { gemm.multiply(rows.span, matrix, scratch: scratch, into: &span) }
        }
        let seconds = Double(WorkTimes.now() - began) * 1e-9
        let products = Double(pool.threads * blocks * height) * Double(outputs) * Double(inputs)
        best = max(best, products / seconds * 1e-9)
      }
    }
    return best
  }
}

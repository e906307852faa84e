import Glibc
import Kernels

/// The most multiply-adds per second that the GEMM library reaches on all processors.
///
/// Measured for 512 × 2048 × 2048 and for the shapes `OUTPUTSxINPUTS` given as arguments; one line per precision:
/// `f32 GIGA_PER_SECOND GIGA_PER_PROCESSOR_SECOND`. Precisions given as arguments are measured alone.
@main
struct GemmBench {
  static func main() throws {
    let shapes =
      [(outputs: 2048, inputs: 2048)]
      + CommandLine.arguments.dropFirst().compactMap { text in
        let sizes = text.split(separator: "x").compactMap { Int($0) }
        return sizes.count == 2 ? (outputs: sizes[0], inputs: sizes[1]) : nil
      }
    let asked = CommandLine.arguments.compactMap(GemmPrecision.init(rawValue:))
    let precisions = asked.isEmpty ? GemmPrecision.allCases : asked
    let pool = WorkerPool(threads: WorkerPool.processorCount)
    for precision in precisions where GemmBackend.standard.supports(precision) {
      var best = (clock: 0.0, processor: 0.0)
      for shape in shapes {
        let rates = try rates(shape.outputs, shape.inputs, precision, pool)
        best = (max(best.clock, rates.clock), max(best.processor, rates.processor))
      }
      print("\(precision.rawValue) \(best.clock) \(best.processor)")
    }
  }

  /// Every worker multiplies blocks of its own with one matrix; the best of several rounds counts.
  private static func rates(
    _ outputs: Int, _ inputs: Int, _ precision: GemmPrecision, _ pool: WorkerPool
  ) throws -> (clock: Double, processor: Double) {
    let gemm = Gemm(.standard, precision)
    let weights = (0..<outputs * inputs).map { Float($0 % 17) / 17 - 0.5 }
    let matrix = gemm.pack(weights.span, outputs: outputs, inputs: inputs)
    var best = (clock: 0.0, processor: 0.0)
    for height in gemm.heights {
      let blocks = max(1, 512 / height) * 4
      for _ in 0..<5 {
        let began = (clock: WorkTimes.now(), processor: clock())
        try pool.forEach(pool.threads) { _ in
          let scratch = GemmScratch()
          let rows = [Float](repeating: 0.5, count: height * inputs)
          var output = [Float](repeating: 0, count: height * outputs)
          var span = output.mutableSpan
          for _ in 0..<blocks { gemm.multiply(rows.span, matrix, scratch: scratch, into: &span) }
        }
        let seconds = Double(WorkTimes.now() - began.clock) * 1e-9
        let used = Double(clock() - began.processor) / Double(CLOCKS_PER_SEC)
        let products = Double(pool.threads * blocks * height) * Double(outputs) * Double(inputs)
        best.clock = max(best.clock, products / seconds * 1e-9)
        best.processor = max(best.processor, products / max(1e-9, used) * 1e-9)
      }
    }
    return best
  }
}

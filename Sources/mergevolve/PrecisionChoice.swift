import ArgumentParser
import Diagnostics
import Inference
import Kernels

/// The values of `--precision`.
enum PrecisionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, f32, bf16

  /// An engine that multiplies in these numbers.
  ///
  /// - Throws: ``Diagnostic`` where the processor has no units for them.
  func engine(on pool: WorkerPool) throws(Diagnostic) -> InferenceEngine {
    let precision: Precision =
      switch self {
      case .auto: .fastest()
      case .f32: .f32
      case .bf16: .bf16
      }
    try precision.check(at: "--precision \(rawValue)")
    return try InferenceEngine(pool: pool, precision: precision)
  }
}

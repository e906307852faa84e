internal import COpenBLAS
import Glibc
import Tensors

/// OpenBLAS's sgemm on weights as they are; the library packs them anew in every call.
struct OpenBLASLibrary: GemmLibrary {
  /// Kernels of 12 and of 16 rows give a row the same bits at heights that are multiples of both.
  let candidateHeights = [64, 192]

  init() { _ = Self.isSingleThreaded }

  /// Once per process: the workers are ours.
  private static let isSingleThreaded: Bool = {
    openblas_set_num_threads(1)
    return true
  }()

  func supportedHeights(outputs: Int, inputs: Int, among heights: [Int]) -> [Int] { heights }

  func makeContent(outputs: Int, inputs: Int, heights: [Int]) -> any PackedContent {
    OpenBLASMatrix(outputs: outputs, inputs: inputs)
  }
}

@safe
private final class OpenBLASMatrix: PackedContent, @unchecked Sendable {
  private let outputs: Int
  private let inputs: Int
  private let storage: UnsafeMutablePointer<Float>

  var byteCount: Int { outputs * inputs * MemoryLayout<Float>.size }

  let sliceAlignment = 1

  init(outputs: Int, inputs: Int) {
    self.outputs = outputs
    self.inputs = inputs
    let memory = unsafe alignedMemory(outputs * inputs * MemoryLayout<Float>.size)
    unsafe storage = memory.bindMemory(to: Float.self, capacity: outputs * inputs)
  }

  func pack(_ weights: Span<Float>, outputs slice: Range<Int>) {
    precondition(
      weights.count == slice.count * inputs && slice.lowerBound >= 0
        && slice.upperBound <= outputs, "\(weights.count) weights for rows \(slice)")
    unsafe weights.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress else { return }
      unsafe (storage + slice.lowerBound * inputs).update(from: source, count: weights.count)
    }
  }

  deinit { unsafe free(storage) }

  func multiply(
    rounded rows: Span<BFloat16>, height: Int, scratch: GemmScratch,
    into output: inout MutableSpan<Float>
  ) {
    preconditionFailure("OpenBLAS has no products in bfloat16")
  }

  func multiply(
    _ rows: Span<Float>, height: Int, scratch: GemmScratch, into output: inout MutableSpan<Float>
  ) {
    unsafe rows.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { destination in
        guard let source = source.baseAddress, let destination = destination.baseAddress else {
          return
        }
        unsafe cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, Int32(height), Int32(outputs), Int32(inputs),
          1, source, Int32(inputs), storage, Int32(inputs), 0, destination, Int32(outputs))
      }
    }
  }
}

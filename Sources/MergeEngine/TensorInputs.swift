import Checkpoints
import Kernels
import MergeMethods
import Tensors

/// One input of an output tensor: where its elements come from and how they enter the merge.
struct TensorInput: Sendable {
  let source: any WeightSource
  /// Name in the source.
  let name: TensorName
  let dtype: DType
  /// The recipe's `dtype`, where rounding to it changes values.
  let cast: DType?
  /// Rows in the order of the output's vocabulary; nil if they stand there already.
  let rows: AlignedRows?
  /// Nil if the numbers belong to one candidate only.
  let identity: InputIdentity?

  func read(elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    if let rows {
      try rows.read(elements: elements, into: &row)
    } else {
      try source.read(name, elements: elements, into: &row)
    }
    if let cast { round(&row, to: cast) }
  }

  func prepare(on pool: WorkerPool) throws {
    if let rows {
      try rows.prepare(on: pool)
    } else {
      try source.prepare(name, on: pool)
    }
  }
}

/// All inputs of one output tensor.
struct TensorInputs: InputReader {
  let inputs: [TensorInput]
  let elementCount: Int

  func read(_ input: Int, elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    try inputs[input].read(elements: elements, into: &row)
  }
}

import Checkpoints
import Diagnostics
import Kernels
import MergeMethods
import Synchronization
import Tensors

/// How one output tensor is made, and what has been worked out for it.
final class TensorMerge: Sendable {
  let description: TensorDescription
  let inputs: TensorInputs
  private let work: Work
  private let statistics: StatisticsCache
  private let prepared = Mutex<(any RangeMerge)?>(nil)
  private static let serial = WorkerPool(threads: 1)

  enum Work: Sendable {
    case method(any MergeMethod)
    /// The only input is handed on.
    case copy
  }

  init(
    _ description: TensorDescription, _ work: Work, inputs: TensorInputs,
    statistics: StatisticsCache
  ) {
    self.description = description
    self.work = work
    self.inputs = inputs
    self.statistics = statistics
  }

  /// Works out what all ranges need, once; whoever comes meanwhile waits.
  func prepare(on pool: WorkerPool) throws -> any RangeMerge {
    try prepared.withLock { prepared in
      if let prepared { return prepared }
      let survey = CachedSurvey(inputs: inputs, pool: pool, cache: statistics)
      let merge: any RangeMerge =
        switch work {
        case .copy: CopiedInput(0)
        case .method(let method): try method.prepare(survey)
        }
      for operand in merge.operands { try inputs.inputs[operand].prepare(on: pool) }
      prepared = merge
      return merge
    }
  }

  func read(elements: Range<Int>, into destination: inout MutableSpan<Float>) throws {
    let merge = try prepare(on: Self.serial)
    let tile = MergeStack.tile
    var stack = MergeStack(rows: merge.operands.count, capacity: min(tile, elements.count))
    for start in stride(from: elements.lowerBound, to: elements.upperBound, by: tile) {
      let part = start..<min(start + tile, elements.upperBound)
      stack.move(to: part)
      for (row, operand) in merge.operands.enumerated() {
        try stack.withMutableRow(row) { try inputs.read(operand, elements: part, into: &$0) }
      }
      let offset = start - elements.lowerBound
      var output = destination._mutatingExtracting(offset..<offset + part.count)
      merge.merge(&stack, into: &output)
      round(&output, to: description.dtype)
    }
  }
}

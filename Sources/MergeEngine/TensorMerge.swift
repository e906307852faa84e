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
  private let prepared = Mutex<Prepared?>(nil)
  /// Elements that were read since the last time that what was prepared was let go.
  private let elementsRead = Mutex(0)
  private static let serial = WorkerPool(threads: 1)

  enum Work: Sendable {
    case method(any MergeMethod)
    /// The only input is handed on.
    case copy
  }

  /// What all ranges need.
  private struct Prepared {
    let merge: any RangeMerge
    /// The same merge in one pass over the operands as they lie in memory, where that is possible.
    let direct: (merge: DirectMerge, operands: [StoredElements])?
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
  func prepare(on pool: WorkerPool) throws { _ = try prepared(on: pool) }

  private func prepared(on pool: WorkerPool) throws -> Prepared {
    try prepared.withLock { prepared in
      if let prepared { return prepared }
      let survey = CachedSurvey(inputs: inputs, pool: pool, cache: statistics)
      let merge: any RangeMerge =
        switch work {
        case .copy: CopiedInput(0)
        case .method(let method): try method.prepare(survey)
        }
      for operand in merge.operands { try inputs.inputs[operand].prepare(on: pool) }
      let direct = merge.direct.flatMap { direct in
        inputs.stored(merge.operands).map { (direct, $0) }
      }
      let result = Prepared(merge: merge, direct: direct)
      prepared = result
      return result
    }
  }

  /// What takes little memory may as well stay.
  private static let keptBytes = 4096

  /// Lets go of masks and factors of rows once the tensor has been read; whoever reads it again has them
  /// worked out anew, or remembered by the statistics.
  private func release(_ prepared: Prepared, afterReading count: Int) {
    guard prepared.merge.byteCount > Self.keptBytes else { return }
    let isRead = elementsRead.withLock { done in
      done += count
      guard done >= inputs.elementCount else { return false }
      done = 0
      return true
    }
    if isRead { self.prepared.withLock { $0 = nil } }
  }

  func read(elements: Range<Int>, into destination: inout MutableSpan<Float>) throws {
    let prepared = try prepared(on: Self.serial)
    defer { release(prepared, afterReading: elements.count) }
    try inputs.open(elements, of: prepared.merge.operands)
    if let (direct, operands) = prepared.direct {
      direct.merge(operands, elements: elements, roundedTo: description.dtype, into: &destination)
      return
    }
    try forEachTile(of: elements, prepared.merge) { stack, place in
      var output = destination._mutatingExtracting(place)
      prepared.merge.merge(&stack, into: &output)
      round(&output, to: description.dtype)
    }
  }

  /// As ``read(elements:into:)``, in the output's dtype.
  func store(elements: Range<Int>, into destination: inout MutableSpan<UInt8>) throws {
    let prepared = try prepared(on: Self.serial)
    defer { release(prepared, afterReading: elements.count) }
    try inputs.open(elements, of: prepared.merge.operands)
    if let (direct, operands) = prepared.direct {
      direct.merge(operands, elements: elements, storedAs: description.dtype, into: &destination)
      return
    }
    let width = description.dtype.bitWidth / 8
    var values = [Float](repeating: 0, count: min(MergeStack.tile, elements.count))
    try forEachTile(of: elements, prepared.merge) { stack, place in
      var span = values.mutableSpan
      var output = span._mutatingExtracting(0..<place.count)
      prepared.merge.merge(&stack, into: &output)
      var target = destination._mutatingExtracting(
        place.lowerBound * width..<place.upperBound * width)
      narrow(values.span.extracting(0..<place.count), to: description.dtype, into: &target)
    }
  }

  /// Fills a stack with one tile of the operands after the other.
  ///
  /// `body` also gets the tile's place among the elements.
  private func forEachTile(
    of elements: Range<Int>, _ merge: any RangeMerge,
    _ body: (inout MergeStack, Range<Int>) -> Void
  ) throws {
    let operands = merge.operands
    let tile = MergeStack.tile
    var stack = MergeStack(rows: operands.count, capacity: min(tile, elements.count))
    for start in stride(from: elements.lowerBound, to: elements.upperBound, by: tile) {
      let part = start..<min(start + tile, elements.upperBound)
      stack.move(to: part)
      for (row, operand) in operands.enumerated() {
        try stack.withMutableRow(row) { try inputs.read(operand, elements: part, into: &$0) }
      }
      let offset = start - elements.lowerBound
      body(&stack, offset..<offset + part.count)
    }
  }
}

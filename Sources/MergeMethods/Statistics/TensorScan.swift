public import Kernels
import Tensors

/// The inputs of one output tensor, readable by range from several threads.
public protocol InputReader: Sendable {
  var elementCount: Int { get }

  /// Called before some elements of some inputs are read piece by piece.
  ///
  /// - Throws: ``Diagnostic`` if they cannot be read any more.
  func open(_ elements: Range<Int>, of inputs: [Int]) throws

  /// Overwrites `row` with elements of an input, cast to the dtype in which it enters the merge.
  func read(_ input: Int, elements: Range<Int>, into row: inout MutableSpan<Float>) throws
}

extension InputReader {
  public func open(_ elements: Range<Int>, of inputs: [Int]) throws {}
}

/// Elements per piece of a pass over a tensor.
///
/// Part of what a result means, as floating-point sums are folded piece by piece.
public let elementsPerChunk = 1 << 20

/// A survey that reads the inputs each time it is asked.
public struct TensorScan<Reader: InputReader>: TensorSurvey {
  let reader: Reader
  let pool: WorkerPool

  public init(_ reader: Reader, on pool: WorkerPool) {
    self.reader = reader
    self.pool = pool
  }

  public var elementCount: Int { reader.elementCount }

  public func measure<R: Reduction>(_ measurements: [Measurement<R>]) throws -> [R.Value] {
    let pass = Pass(reader, measurements)
    var totals = measurements.map { $0.reduction.startTotal() }
    let chunks = pass.chunks
    // As many chunks at a time as there are workers, so that few partial results are alive.
    for first in stride(from: 0, to: chunks.count, by: pool.threads) {
      try Task.checkCancellation()
      let wave = chunks[first..<min(first + pool.threads, chunks.count)]
      let partials = try pool.map(wave.count) { try pass.partials(of: wave[first + $0]) }
      for partial in partials {
        for (index, part) in partial.enumerated() {
          if let part { measurements[index].reduction.fold(part, into: &totals[index]) }
        }
      }
    }
    return zip(measurements, totals).map { $0.reduction.finish($1) }
  }
}

/// One pass over the inputs that several measurements need together.
private struct Pass<Reader: InputReader, R: Reduction>: Sendable {
  let reader: Reader
  let measurements: [Measurement<R>]
  /// The inputs to read, each once.
  let inputs: [Int]
  /// Per measurement: the row of each operand.
  let rows: [[Int]]

  init(_ reader: Reader, _ measurements: [Measurement<R>]) {
    self.reader = reader
    self.measurements = measurements
    let inputs = Array(Set(measurements.flatMap(\.operands))).sorted()
    self.inputs = inputs
    rows = measurements.map { $0.operands.compactMap { inputs.firstIndex(of: $0) } }
  }

  var chunks: [Range<Int>] {
    let granularity = max(1, measurements.first?.reduction.granularity ?? 1)
    precondition(
      measurements.allSatisfy { max(1, $0.reduction.granularity) == granularity },
      "reductions of different granularity share a pass")
    let size = max(1, elementsPerChunk / granularity) * granularity
    return stride(from: 0, to: reader.elementCount, by: size)
      .map { $0..<min($0 + size, reader.elementCount) }
      .filter { chunk in measurements.contains { $0.concerns(chunk) } }
  }

  /// The partial result of each measurement that the chunk concerns.
  func partials(of chunk: Range<Int>) throws -> [R.Partial?] {
    try reader.open(chunk, of: inputs)
    var partials = measurements.map { $0.concerns(chunk) ? $0.reduction.startChunk() : nil }
    let tile = MergeStack.tile
    var stack = MergeStack(rows: inputs.count, capacity: min(tile, chunk.count))
    for start in stride(from: chunk.lowerBound, to: chunk.upperBound, by: tile) {
      let elements = start..<min(start + tile, chunk.upperBound)
      stack.move(to: elements)
      for (row, input) in inputs.enumerated() {
        try stack.withMutableRow(row) { try reader.read(input, elements: elements, into: &$0) }
      }
      for index in partials.indices {
        guard var partial = partials[index].take() else { continue }
        measurements[index].reduction.add(&stack, rows: rows[index], to: &partial)
        partials[index] = partial
      }
    }
    return partials
  }
}

extension Measurement {
  fileprivate func concerns(_ chunk: Range<Int>) -> Bool { elements?.overlaps(chunk) ?? true }
}

import MergeMethods
import Synchronization

/// Inputs in memory that note which input was read.
final class CountingInputs: InputReader {
  private let inputs: MemoryInputs
  private let log = Mutex<[Int]>([])

  init(rows: [[Float]]) { inputs = MemoryInputs(rows: rows) }

  var elementCount: Int { inputs.elementCount }
  var reads: [Int] { log.withLock { $0 } }

  func read(_ input: Int, elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    log.withLock { $0.append(input) }
    try inputs.read(input, elements: elements, into: &row)
  }
}

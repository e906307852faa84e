import Tensors
import Testing

@testable import Kernels

@Suite("Stored elements")
struct StoredElementsTests {
  @Test("are widened and copied where they lie", arguments: DirectMergeTests.dtypes)
  func reading(dtype: DType) throws {
    let row = try StoredRow(rowSample(40, seed: 9), dtype)
    var part = [Float](repeating: 0, count: 7)
    var span = part.mutableSpan
    row.elements.widen(20..<27, into: &span)
    #expect(bits(part) == bits(Array(row.values[20..<27])))
    var bytes = [UInt8](repeating: 0, count: 7 * dtype.bitWidth / 8)
    var target = bytes.mutableSpan
    row.elements.copy(20..<27, into: &target)
    var expected = [UInt8](repeating: 0, count: bytes.count)
    var narrowed = expected.mutableSpan
    narrow(part.span, to: dtype, into: &narrowed)
    #expect(bytes == expected)
  }

  @Test("a buffer is filled tile by tile")
  func tiles() throws {
    let buffer = try AlignedBuffer(count: 1000)
    try buffer.forEachTile(64, on: WorkerPool(threads: 2)) { offset, tile in
      for index in tile.indices { tile[index] = UInt8((offset + index) % 251) }
    }
    let isRight = buffer.withMutableBytes { bytes in
      bytes.indices.allSatisfy { bytes[$0] == UInt8($0 % 251) }
    }
    #expect(isRight)
  }
}

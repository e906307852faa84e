import Synchronization
import Testing

@testable import Kernels

private struct Failure: Error, Equatable { let index: Int }

@Suite("Worker pool")
struct WorkerPoolTests {
  @Test("runs every index once", arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func coverage(threads: Int, count: Int) throws {
    let pool = WorkerPool(threads: threads)
    let visits = Mutex([Int](repeating: 0, count: count))
    try pool.forEach(count) { index in visits.withLock { $0[index] += 1 } }
    #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test("is reusable thousands of times")
  func reuse() throws {
    let pool = WorkerPool(threads: 4)
    let total = Atomic<Int>(0)
    for _ in 0..<2000 {
      try pool.forEach(5) { index in total.wrappingAdd(index, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 20_000)
  }

  @Test("maps in order")
  func order() throws {
    let pool = WorkerPool(threads: 3)
    #expect(try pool.map(100) { $0 * $0 } == (0..<100).map { $0 * $0 })
  }

  @Test("rethrows the error of the lowest index that fails", arguments: [1, 2, 5], 0..<20)
  func failure(threads: Int, seed: Int) throws {
    let pool = WorkerPool(threads: threads)
    let failing = Set((0..<6).map { (seed * 31 + $0 * 17) % 64 })
    let lowest = try #require(failing.min())
    #expect(throws: Failure(index: lowest)) {
      try pool.forEach(64) { index in
        if failing.contains(index) { throw Failure(index: index) }
      }
    }
    #expect(try pool.map(3) { $0 } == [0, 1, 2])
  }

  @Test("runs nested work inline, in order")
  func nesting() throws {
    let pool = WorkerPool(threads: 4)
    let nested = try pool.map(8) { outer in
      let seen = Mutex([Int]())
      try pool.forEach(5) { inner in seen.withLock { $0.append(outer * 10 + inner) } }
      return seen.withLock { $0 }
    }
    #expect(nested == (0..<8).map { outer in (0..<5).map { outer * 10 + $0 } })
  }

  @Test("serves several callers at once")
  func sharing() async throws {
    let pool = WorkerPool(threads: 3)
    let sums = try await withThrowingTaskGroup(of: Int.self) { group in
      for caller in 0..<6 {
        group.addTask { try pool.map(200) { $0 + caller }.reduce(0, +) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums.sorted() == (0..<6).map { 19_900 + 200 * $0 })
  }

  @Test("covers an array with disjoint tiles", arguments: [1, 3, 64, 200], [0, 1, 64, 199])
  func tiles(tile: Int, count: Int) throws {
    let pool = WorkerPool(threads: 3)
    var output = [Int](repeating: -1, count: count)
    try pool.forEachTile(of: &output, tile: tile) { offset, span in
      for index in 0..<span.count {
        #expect(span[index] == -1)
        span[index] = offset + index
      }
    }
    #expect(output == Array(0..<count))
  }

  @Test("parts of unlike sizes are overwritten, what lies between them is not", arguments: [1, 3])
  func parts(threads: Int) throws {
    let pool = WorkerPool(threads: threads)
    var first = [Int](repeating: -1, count: 10)
    var second = [Int](repeating: -1, count: 6)
    try pool.forEachPart(of: &first, [0..<3, 3..<4, 6..<10]) { number, part in
      for index in 0..<part.count { part[index] = 10 * number + index }
    }
    #expect(first == [0, 1, 2, 10, -1, -1, 20, 21, 22, 23])
    try pool.forEachPart(of: &first, [0..<1, 4..<6], and: &second, [1..<2, 2..<6]) {
      number, one, two in
      for index in 0..<one.count { one[index] = 100 * number }
      for index in 0..<two.count { two[index] = one.count }
    }
    #expect(first == [0, 1, 2, 10, 100, 100, 20, 21, 22, 23])
    #expect(second == [-1, 1, 2, 2, 2, 2])
  }

  @Test("makes zeros", arguments: [0, 1, 1 << 16, 200_001])
  func zeros(count: Int) throws {
    let zeros = try WorkerPool(threads: 3).zeros(count)
    #expect(zeros.count == count && zeros.allSatisfy { $0 == 0 })
  }

  @Test("knows the processors")
  func processors() { #expect(WorkerPool.processorCount >= 1) }
}

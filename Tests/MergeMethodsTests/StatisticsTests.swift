import Kernels
import Randomness
import Testing

@testable import MergeMethods

/// Passes that span several chunks, on several workers.
@Suite("Passes over whole tensors")
struct StatisticsTests {
  /// A cheap mixture of magnitudes over many binades, with equal ones.
  private static func values(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      let word = random.next()
      let value = Float(Int32(truncatingIfNeeded: word)) * 0x1p-31
      return word >> 62 == 0 ? (value * 8).rounded() / 8 : value * value * value
    }
  }

  private let count = elementsPerChunk + elementsPerChunk / 2 + 37
  private let rows: [[Float]]

  init() {
    rows = [
      [Float](repeating: 0, count: count), Self.values(count, seed: 1),
    ]
  }

  @Test("the cut is the exact k-th magnitude, on any number of workers")
  func cut() throws {
    let sorted = rows[1].map { abs($0) }.sorted(by: >)
    let total = sorted.reduce(0.0) { $0 + Double($1) }
    for threads in [1, 2, 3] {
      let scan = TensorScan(MemoryInputs(rows: rows), on: WorkerPool(threads: threads))
      let histogram = try scan.measure([Measurement(MagnitudeCount(), of: [1, 0])])[0]
      #expect(abs(histogram.sum() - total) <= 1e-12 * total)
      for k in [1, 5000, count / 3, count / 2, count - 1] {
        let place = try #require(histogram.place(ofLargest: k))
        let search = MagnitudeCutSearch(bin: place.bin, rank: place.rank)
        let cut = try scan.measure([Measurement(search, of: [1, 0])])[0]
        let magnitude = sorted[k - 1]
        #expect(Float(bitPattern: cut.key) == magnitude)
        #expect(cut.ties == rows[1].count { abs($0) == magnitude })
        #expect(cut.keptTies == k - sorted.count { $0 > magnitude })
        let kept = sorted[..<k].reduce(0.0) { $0 + Double($1) }
        #expect(abs(histogram.sum(above: place.bin) + cut.keptSum - kept) <= 1e-12 * kept)
        guard cut.keptTies < cut.ties else { continue }
        let start = cut.chunk * elementsPerChunk
        let first = try scan.measure([
          Measurement(
            TieSearch(key: cut.key, tiesBefore: cut.tiesBefore), of: [1, 0],
            in: start..<start + 1)
        ])[0]
        let ties = rows[1].indices.filter { abs(rows[1][$0]) == magnitude }
        #expect(first == ties[cut.keptTies])
      }
      #expect(histogram.place(ofLargest: count + 1) == nil)
    }
  }

  @Test("products and masked sums do not depend on the number of workers")
  func sums() throws {
    let inputs = MemoryInputs(rows: [rows[1], Self.values(count, seed: 2)])
    let words = ElementWords(maskSeed: 1, tensor: "w", position: 0)
    func all(_ threads: Int) throws -> ([Double], [Double], Double) {
      let scan = TensorScan(inputs, on: WorkerPool(threads: threads))
      return (
        try scan.measure([Measurement(Products(count: 2), of: [0, 1])])[0],
        try scan.measure([Measurement(MaskedSums(key: words.key), of: [0, 1])])[0],
        try scan.measure([
          Measurement(MaskedSum(key: words.key, words: 0..<1 << 31), of: [0, 1])
        ])[0]
      )
    }
    let one = try all(1)
    let exact = zip(inputs.rows[0], inputs.rows[1]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(one.0[1] - exact) <= 1e-10 * one.0[0])
    let half = one.1.prefix(MergeStack.maskBins / 2).reduce(0, +)
    #expect(abs(half - one.2) <= 1e-12 * half)
    for threads in [2, 5] {
      let other = try all(threads)
      #expect(one.0 == other.0)
      #expect(one.1 == other.1)
      #expect(one.2 == other.2)
    }
  }

  @Test("several measurements share one pass")
  func sharing() throws {
    let reader = CountingInputs(rows: [[1, 2, 3], [2, 2, 2], [5, 5, 5]])
    let values = try TensorScan(reader, on: WorkerPool(threads: 1)).measure([
      Measurement(Products(count: 2), of: [1, 0]), Measurement(Products(count: 2), of: [2, 0]),
    ])
    #expect(values == [[12, 12, 14], [75, 30, 14]])
    #expect(reader.reads.sorted() == [0, 1, 2])
  }
}

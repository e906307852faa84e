import Checkpoints
import Foundation
import Kernels
import MergeEngine
import Recipes
import Tensors

/// Times merges of one large tensor against copying memory.
struct Measurement {
  let family: Family
  let pool: WorkerPool
  let repetitions: Int
  private let output: AlignedBuffer
  /// Elements that one worker merges at a time.
  private static let tile = 1 << 20

  init(_ family: Family, on pool: WorkerPool, repetitions: Int) throws {
    self.family = family
    self.pool = pool
    self.repetitions = repetitions
    output = try AlignedBuffer(count: 2 * family.elements)
    output.withMutableBytes { $0.update(repeating: 1) }
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
  }

  private func median(_ body: () throws -> Double) rethrows -> Double {
    var values: [Double] = []
    for _ in 0..<repetitions { values.append(try body()) }
    return values.sorted()[values.count / 2]
  }

  /// Bytes read and written per second by all cores that copy a large buffer, in pieces of the size that
  /// is fastest here.
  func copyRate() throws -> Double {
    let size = output.count
    let buffer = try AlignedBuffer(count: size)
    buffer.withMutableBytes { $0.update(repeating: 2) }
    let source = StoredElements(buffer, dtype: .bf16, count: size / 2)
    let pieces = [512 << 10, 2 << 20, (size / 2 / pool.threads + 63) / 64 * 64 * 2]
    let rates = try pieces.map { piece in
      let seconds = try median {
        try Self.seconds {
          try output.forEachTile(piece, on: pool) { offset, bytes in
            source.copy(offset / 2..<(offset + bytes.count) / 2, into: &bytes)
          }
        }
      }
      return 2 * Double(size) / seconds
    }
    return rates.max() ?? 0
  }

  struct Result {
    /// Bytes of the inputs and of the result, each counted once.
    let bytes: Int
    /// From an empty cache to prepared.
    let statisticsSeconds: Double
    let cachedBytes: Int
    /// One merge with the statistics at hand, inputs and output in memory.
    let seconds: Double
    /// The same where the inputs have just been mapped from files in the page cache.
    let mappedSeconds: Double
  }

  func measure(_ method: MeasuredMethod) throws -> Result {
    let library = CheckpointLibrary(folders: [family.folder])
    let cache = StatisticsCache(limit: 2 << 30)
    let first = try plan(method, library, cache)
    // Not the disk's speed: the pages are in memory, and the next plan has them mapped.
    try merge(first)
    let statistics = try median {
      let plan = try plan(method, library, StatisticsCache(limit: 2 << 30))
      return try Self.seconds { try plan.prepare(Family.tensor, on: pool) }
    }
    let seconds = try median {
      let plan = try plan(method, library, cache)
      return try Self.seconds { try merge(plan) }
    }
    let mapped = try median {
      let plan = try plan(method, CheckpointLibrary(folders: [family.folder]), cache)
      return try Self.seconds { try merge(plan) }
    }
    return Result(
      bytes: 2 * family.elements * (method.models.count + 1), statisticsSeconds: statistics,
      cachedBytes: cache.byteCount, seconds: seconds, mappedSeconds: mapped)
  }

  private func plan(
    _ method: MeasuredMethod, _ library: CheckpointLibrary, _ cache: StatisticsCache
  ) throws -> MergePlan {
    try MergePlan.build(
      RecipeDocument.parse(text: method.recipe, location: "\(method.declaration.name).yaml"),
      library: library, statistics: cache)
  }

  private func merge(_ plan: MergePlan) throws {
    try plan.prepare(Family.tensor, on: pool)
    try output.forEachTile(2 * Self.tile, on: pool) { offset, bytes in
      try plan.store(
        Family.tensor, elements: offset / 2..<(offset + bytes.count) / 2, into: &bytes)
    }
  }
}

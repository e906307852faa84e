import Architectures
import Kernels

/// Bytes that a forward pass takes.
struct MemoryNeeds: Sendable {
  /// Hidden states of one row: they live through all layers.
  let perRow: Int
  /// Queries, keys and values of one row: they live through one layer of one source.
  let perRowOfLayer: Int
  /// Packed weights and the workers' scratch space.
  let fixed: Int

  init(_ decoder: Decoder, _ pool: WorkerPool, tallest gemm: Gemm) {
    let configuration = decoder.configuration
    let heads = decoder.heads
    perRow = 4 * configuration.hiddenSize
    perRowOfLayer = 4 * (heads.queryWidth + heads.keyValueWidth)
    let height = gemm.heights.last ?? 64
    let widest = decoder.matrixShapes.map { $0.outputs + 2 * $0.inputs }.max() ?? 0
    // A worker also holds a slice of the weights while it packs, about half a megabyte.
    fixed = decoder.largestStepBytes + pool.threads * (4 * height * widest + (1 << 20))
  }

  private init(perRow: Int, perRowOfLayer: Int, fixed: Int) {
    self.perRow = perRow
    self.perRowOfLayer = perRowOfLayer
    self.fixed = fixed
  }

  /// Needs that cover all of some; nil if there are none.
  static func largest(of needs: [MemoryNeeds]) -> MemoryNeeds? {
    guard !needs.isEmpty else { return nil }
    return MemoryNeeds(
      perRow: needs.map(\.perRow).max() ?? 0, perRowOfLayer: needs.map(\.perRowOfLayer).max() ?? 0,
      fixed: needs.map(\.fixed).max() ?? 0)
  }

  /// Rows of a forest, and sources, that fit into `memory` together.
  ///
  /// At the least one source and a few blocks of rows, whatever the memory.
  func cut(rows: Int, sources: Int, depth: Int, _ memory: Int) -> (rows: Int, sources: Int) {
    let free = max(0, memory - fixed)
    let left = free - rows * perRowOfLayer
    let fitting = rows > 0 ? left / (rows * perRow) : sources
    if fitting >= 1 { return (max(1, rows), max(1, min(sources, fitting))) }
    // A part also holds the ancestors of its first row.
    let partRows = free / (perRow + perRowOfLayer) - depth
    return (max(256, partRows), 1)
  }
}

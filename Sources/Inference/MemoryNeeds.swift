import Architectures
import Kernels

/// Bytes that a forward pass takes.
struct MemoryNeeds: Sendable {
  /// How the work is cut: rows of the forest and sources that are under way together, and of these sources
  /// those that are in the same layer at the same time.
  struct Cut: Equatable, Sendable {
    var rows: Int
    var sources: Int
    var group: Int
  }

  /// Hidden states of one row: they live through all layers.
  var perRow = 0
  /// Queries, keys and values of one row: they live through one layer of one source.
  var perRowOfLayer = 0
  /// Packed weights of one layer.
  var layer = 0
  /// Packed weights of a part of the head, and what is known of a row there.
  var panel = 0
  var perRowOfHead = 0
  /// The workers' scratch space.
  var workers = 0
  /// Rows of the tallest block.
  var block = 0

  init(_ decoder: Decoder, _ pool: WorkerPool, _ gemm: Gemm) {
    let configuration = decoder.configuration
    let heads = decoder.heads
    let shapes = decoder.matrixShapes
    perRow = 4 * configuration.hiddenSize
    perRowOfLayer = 4 * (heads.queryWidth + heads.keyValueWidth)
    // Transposed matrices are read as a whole before they are packed.
    let copies = configuration.storesTransposed ? 4 : 0
    layer = (gemm.precision.size + copies) * decoder.layerWeightCount
    panel = gemm.precision.size * decoder.largestPanelWeightCount
    // Normed states, and the statistics of two panels.
    perRowOfHead = 4 * configuration.hiddenSize + 120
    block = gemm.heights.last ?? 64
    let widest = shapes.map(\.outputs).max() ?? 0
    let longest = shapes.map(\.inputs).max() ?? 0
    // Products, two inputs, rounded rows, attention; and a slice of the weights with a merge's tiles.
    workers = pool.threads * (block * (4 * widest + 10 * longest) + (4 << 20))
  }

  private init() {}

  /// Needs that cover all of some; nil if there are none.
  static func largest(of needs: [MemoryNeeds]) -> MemoryNeeds? {
    guard !needs.isEmpty else { return nil }
    var largest = MemoryNeeds()
    for path: WritableKeyPath<MemoryNeeds, Int> in [
      \.perRow, \.perRowOfLayer, \.layer, \.panel, \.perRowOfHead, \.workers, \.block,
    ] {
      largest[keyPath: path] = needs.map { $0[keyPath: path] }.max() ?? 0
    }
    return largest
  }

  /// Bytes that a cut takes.
  func bytes(_ cut: Cut) -> Int {
    let rows = cut.rows + block
    let states = cut.sources * rows * perRow
    let inLayer = cut.group * (rows * perRowOfLayer + layer)
    let inHead = rows * perRowOfHead + panel
    return workers + states + max(inLayer, inHead)
  }

  /// The largest cut that takes at most `memory` bytes: as many sources as possible with all rows, else one
  /// source with as many rows as possible; at the least one block of rows, whatever the memory.
  ///
  /// More sources of a wave are in a layer together until that gives every worker `blocksPerWorker` blocks.
  func cut(rows: Int, sources: Int, depth: Int, threads: Int, memory: Int) -> Cut {
    var cut = Cut(rows: max(1, rows), sources: 1, group: 1)
    guard bytes(cut) <= memory else {
      // A part also holds the ancestors of its first row.
      let perRowAtAll = perRow + max(perRowOfLayer, perRowOfHead)
      let fixed = workers + max(layer, panel) + (block + depth) * perRowAtAll
      cut.rows = min(cut.rows, max(block, (memory - fixed) / max(1, perRowAtAll)))
      return cut
    }
    while cut.sources < sources {
      cut.sources += 1
      if bytes(cut) > memory {
        cut.sources -= 1
        break
      }
    }
    let wanted = Self.blocksPerWorker * threads * max(1, block)
    while cut.group < cut.sources, cut.group * rows < wanted {
      cut.group += 1
      if bytes(cut) > memory {
        cut.group -= 1
        break
      }
    }
    return cut
  }

  /// With so many the last blocks of a layer, for which some workers wait, do not count.
  private static let blocksPerWorker = 32
}

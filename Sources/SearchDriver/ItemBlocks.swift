import PopulationStore
import Randomness
import Tasks

/// The items of the search split in blocks, each with its share of every task.
struct ItemBlocks: Sendable {
  /// By block and task the positions of the items, ascending.
  let positions: [[[Int]]]
  /// By task and position how many items of the split an item stands for.
  let weights: [[Double]]

  /// Reads the blocks of a store; `tasks` are the names in their order.
  init(_ benchmarks: [StoredBenchmark], tasks: [String]) {
    let items = tasks.map { task in
      benchmarks.first { $0.task == task && $0.split == .search }?.items ?? []
    }
    let count = (items.joined().map(\.block).max() ?? 0) + 1
    positions = (0..<count).map { block in
      items.map { items in items.indices.filter { items[$0].block == block } }
    }
    weights = items.map { $0.map(\.weight) }
  }

  /// By task the positions in some blocks, ascending.
  func positions(in blocks: some Sequence<Int>) -> [[Int]] {
    var merged = weights.map { _ in [Int]() }
    for block in blocks {
      for task in merged.indices { merged[task] += positions[block][task] }
    }
    return merged.map { $0.sorted() }
  }

  /// Cuts every task's items at random into `count` blocks of nearly equal size; clusters stay together.
  ///
  /// The order is addressed by (seed, task, unit), a unit being a cluster or an item of its own.
  static func places(
    of tasks: [(name: String, clusters: [String?])], count: Int, seed: UInt64
  ) -> [ItemPlace] {
    tasks.enumerated().flatMap { index, task in
      let units = units(task.clusters)
      let stream = RandomStream(seed: seed, purpose: .questionSubsets, candidate: index)
      let order = units.indices.map { (key: stream.word(at: $0), unit: $0) }
        .sorted { ($0.key, $0.unit) < ($1.key, $1.unit) }
      return order.enumerated().flatMap { rank, entry in
        units[entry.unit].map { position in
          ItemPlace(
            task: task.name, position: position, block: rank * count / units.count, weight: 1)
        }
      }
    }
  }

  /// The positions that belong together, in the order of their first members.
  private static func units(_ clusters: [String?]) -> [[Int]] {
    var units: [[Int]] = []
    var known: [[UInt8]: Int] = [:]
    for (position, cluster) in clusters.enumerated() {
      guard let cluster else {
        units.append([position])
        continue
      }
      let key = Array(cluster.utf8)
      if let unit = known[key] {
        units[unit].append(position)
      } else {
        known[key] = units.count
        units.append([position])
      }
    }
    return units
  }
}

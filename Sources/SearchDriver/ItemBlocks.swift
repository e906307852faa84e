import PopulationStore
import Randomness
import Tasks

/// The items of the search split as the generations of a search see them.
///
/// A random partition into blocks, each with its share of every task, at whose ends races look; and, where
/// candidates are scored on subsets, the items that a generation sees. Item i with weight wᵢ is in the
/// subset of generation g if the fraction of uᵢ − g·δ is below 1/wᵢ, uᵢ its permanent random number and δ a
/// quarter of the subset's share of the tokens: so about a quarter of a subset changes from one generation to
/// the next, and every subset has every item with its own probability (coordinated sampling by permanent
/// random numbers, Ohlsson 1995).
struct ItemBlocks: Sendable {
  /// By task and position.
  private let blocks: [[Int]]
  private let numbers: [[Double]]
  /// By task and position how many items of the split an item stands for.
  let weights: [[Double]]
  /// Blocks.
  let count: Int
  private let shift: Double

  /// Reads the blocks of a store.
  ///
  /// - Parameters:
  ///   - benchmarks: Of the store, once the first generation is opened.
  ///   - tasks: In their order, with the clusters of their search items.
  ///   - share: Of the tokens that a generation sees; nil: all.
  ///   - seed: Of the search.
  init(
    _ benchmarks: [StoredBenchmark], tasks: [(name: String, clusters: [String?])], share: Double?,
    seed: UInt64
  ) {
    let items = tasks.map { task in
      benchmarks.first { $0.task == task.name && $0.split == .search }?.items ?? []
    }
    blocks = items.map { $0.map(\.block) }
    weights = items.map { $0.map(\.weight) }
    count = (blocks.joined().max() ?? 0) + 1
    shift = (share ?? 0) / 4
    numbers = tasks.enumerated().map { index, task in
      let stream = RandomStream(
        seed: seed, purpose: .questionSubsets, generation: 1, candidate: index)
      var numbers = [Double](repeating: 0, count: task.clusters.count)
      for (unit, positions) in Self.units(task.clusters).enumerated() {
        for position in positions { numbers[position] = stream.uniform(at: unit) }
      }
      return numbers
    }
  }

  /// By task the positions that a generation sees in some blocks, ascending.
  func positions(in step: some Collection<Int>, generation: Int) -> [[Int]] {
    let start = Double(generation) * shift
    return blocks.indices.map { task in
      blocks[task].indices.filter { position in
        guard step.contains(blocks[task][position]) else { return false }
        let weight = weights[task][position]
        guard weight > 1 else { return true }
        let offset = numbers[task][position] - start
        return (offset - offset.rounded(.down)) * weight < 1
      }
    }
  }

  // MARK: Making

  /// Cuts every task's items at random into `count` blocks of nearly equal size; clusters stay together.
  ///
  /// The order is addressed by (seed, task, unit), a unit being a cluster or an item of its own. `weights`
  /// are one per task and item.
  static func places(
    of tasks: [(name: String, clusters: [String?])], count: Int, weights: [[Double]], seed: UInt64
  ) -> [ItemPlace] {
    tasks.enumerated().flatMap { index, task in
      let units = units(task.clusters)
      let stream = RandomStream(seed: seed, purpose: .questionSubsets, candidate: index)
      let order = units.indices.map { (key: stream.word(at: $0), unit: $0) }
        .sorted { ($0.key, $0.unit) < ($1.key, $1.unit) }
      return order.enumerated().flatMap { rank, entry in
        units[entry.unit].map { position in
          ItemPlace(
            task: task.name, position: position, block: rank * count / units.count,
            weight: weights[index][position])
        }
      }
    }
  }

  /// The positions that belong together, in the order of their first members.
  static func units(_ clusters: [String?]) -> [[Int]] {
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

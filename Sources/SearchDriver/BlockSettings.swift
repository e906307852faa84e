import Architectures
import Checkpoints
import Diagnostics
import Evaluation
import Inference
import MergeEngine
import PopulationStore
import Tasks
import Tensors

/// How candidates see the items of the search split, fixed at the creation of a search.
struct BlockSettings: Hashable, Codable {
  /// Blocks that the items are cut into.
  var count: Int
  /// Whether candidates that fall behind stop after a block.
  var races: Bool
  /// How probable it must be that a candidate is behind before it stops.
  var confidence = 0.95

  /// Items that a candidate has seen before anything is concluded from them.
  static let fewestItems = 40
  private static let mostBlocks = 5
  /// Share of the work saved that the further passes over the weights may cost.
  private static let dearest = 0.2

  /// Nil where a search sees its items at once.
  ///
  /// - Throws: ``Diagnostic`` if racing is asked for where it cannot be.
  static func chosen(
    _ configuration: SearchConfiguration, for prepared: PreparedEvaluation, family: [OpenModel],
    hasFront: Bool, precision: Precision
  ) throws(Diagnostic) -> BlockSettings? {
    if configuration.racing == false { return nil }
    let items = prepared.tasks.reduce(0) { $0 + $1.items.count }
    let count = min(mostBlocks, items / fewestItems)
    let obstacle = obstacle(
      prepared, aggregate: configuration.aggregate, hasFront: hasFront, blocks: count)
    if let obstacle {
      guard configuration.racing == true else { return nil }
      throw Diagnostic(
        "candidates cannot race: \(obstacle)", at: "\(configuration.file): evaluation.racing",
        fix: "write 'auto' or 'false'")
    }
    if configuration.racing == true { return BlockSettings(count: count, races: true) }
    let work = RaceWork(prepared, family: family, precision: precision)
    return (2...count).last { work.cost(blocks: $0) <= dearest * work.saving(blocks: $0) }
      .map { BlockSettings(count: $0, races: true) }
  }

  private static func obstacle(
    _ prepared: PreparedEvaluation, aggregate: TaskAggregate, hasFront: Bool, blocks: Int
  ) -> String? {
    if hasFront { return "with several objectives no candidate is simply behind another" }
    if aggregate == .worst { return "the worst task of some items may not be that of all" }
    if prepared.mayDecode { return "texts have to be decoded, one model at a time" }
    if blocks < 2 { return "the search split has fewer than \(2 * fewestItems) items" }
    return nil
  }
}

/// What racing saves and costs, counted and not timed, so that it is the same on every machine.
struct RaceWork {
  /// Of one candidate's pass over all items.
  private let multiplyAdds: Double
  /// Moved to merge a candidate once: its sources, and its weights as the forward pass takes them.
  private let bytes: Double
  private let multiplyAddsPerByte: Double

  init(_ prepared: PreparedEvaluation, family: [OpenModel], precision: Precision) {
    let sizes = family.map { model in
      Double(model.checkpoint.files.reduce(0) { $0 + $1.byteCount })
    }
    let parameters = Double(
      family[0].configuration.weights.reduce(0) { $0 + $1.shape.elementCount })
    multiplyAdds = Double(prepared.forestTokens) * parameters
    bytes = sizes.reduce(0, +) + parameters * (precision == .bf16 ? 2 : 4)
    // A core multiplies this often while it merges a byte, in order of magnitude.
    multiplyAddsPerByte = precision == .bf16 ? 20 : 5
  }

  /// The further passes over the weights, in multiply-adds.
  func cost(blocks: Int) -> Double { Double(blocks - 1) * bytes * multiplyAddsPerByte }

  /// Multiply-adds spared at best: half of a generation stops after the first block.
  func saving(blocks: Int) -> Double { 0.5 * (1 - 1 / Double(blocks)) * multiplyAdds }
}

extension SearchInputs {
  /// The blocks of a new search.
  func itemPlaces() throws -> [ItemPlace] {
    guard let settings = settings.blocks else { return [] }
    let clusters = try tasks.map { task in
      (name: task.name, clusters: try task.items(in: .search).map(\.cluster))
    }
    return ItemBlocks.places(of: clusters, count: settings.count, seed: configuration.seed)
  }
}

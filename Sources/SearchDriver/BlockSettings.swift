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
  /// Share of the tokens of the search split that a generation sees; nil: all.
  var subset: Double?

  /// What one candidate that is not raced out is charged, in passes over the split.
  var passShare: Double { subset ?? 1 }

  /// Items that a candidate has seen before anything is concluded from them.
  static let fewestItems = 40
  private static let mostBlocks = 5
  /// Share of the work saved that the further passes over the weights may cost.
  private static let dearest = 0.2

  /// Nil where a search sees its items at once; `share` is that of the tokens which candidates see, nil: all.
  ///
  /// - Throws: ``Diagnostic`` if racing is asked for where it cannot be.
  static func chosen(
    _ configuration: SearchConfiguration, share: Double?, for prepared: PreparedEvaluation,
    family: [OpenModel], hasFront: Bool, precision: Precision
  ) throws(Diagnostic) -> BlockSettings? {
    let all = prepared.tasks.reduce(0) { $0 + $1.items.count }
    let blocks = min(mostBlocks, Int(Double(all) * (share ?? 1)) / fewestItems)
    let races = try raceBlocks(
      configuration, most: blocks, hasFront: hasFront,
      RaceWork(prepared, family: family, precision: precision, share: share ?? 1))
    guard races != nil || share != nil else { return nil }
    return BlockSettings(count: races ?? 1, races: races != nil, subset: share)
  }

  /// In how many blocks candidates race; nil: they do not.
  private static func raceBlocks(
    _ configuration: SearchConfiguration, most: Int, hasFront: Bool, _ work: RaceWork
  ) throws(Diagnostic) -> Int? {
    if configuration.racing == false { return nil }
    let obstacle: String? =
      if hasFront {
        "with several objectives none is simply behind another"
      } else if configuration.aggregate == .worst {
        "the worst task of some items may not be that of all"
      } else if most < 2 {
        "each of them sees fewer than \(2 * fewestItems) items"
      } else {
        nil
      }
    if let obstacle {
      guard configuration.racing == true else { return nil }
      throw Diagnostic(
        "candidates cannot race: \(obstacle)", at: "\(configuration.file): evaluation.racing",
        fix: "write 'auto' or 'false'")
    }
    if configuration.racing == true { return most }
    return (2...most).last { work.cost(blocks: $0) <= dearest * work.saving(blocks: $0) }
  }
}

/// What racing saves and costs, counted and not timed, so that it is the same on every machine.
struct RaceWork {
  /// Of one candidate's pass over all items.
  private let multiplyAdds: Double
  /// Moved to merge a candidate once: its sources, and its weights as the forward pass takes them.
  private let bytes: Double
  private let multiplyAddsPerByte: Double

  /// A candidate sees `share` of the tokens.
  init(
    _ prepared: PreparedEvaluation, family: [OpenModel], precision: Precision, share: Double
  ) {
    let sizes = family.map { model in
      Double(model.checkpoint.files.reduce(0) { $0 + $1.byteCount })
    }
    let parameters = Double(
      family[0].configuration.weights.reduce(0) { $0 + $1.shape.elementCount })
    multiplyAdds = share * Double(prepared.forestTokens) * parameters
    bytes = sizes.reduce(0, +) + parameters * (precision == .bf16 ? 2 : 4)
    // A core multiplies this often while it merges a byte, in order of magnitude.
    multiplyAddsPerByte = precision == .bf16 ? 20 : 5
  }

  /// The further passes over the weights, in multiply-adds.
  func cost(blocks: Int) -> Double { Double(blocks - 1) * bytes * multiplyAddsPerByte }

  /// Multiply-adds spared at best: half of a generation stops after the first block.
  func saving(blocks: Int) -> Double { 0.5 * (1 - 1 / Double(blocks)) * multiplyAdds }
}

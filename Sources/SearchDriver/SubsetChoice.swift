import Diagnostics
import Evaluation
import Tasks

/// On which of the search split's items candidates are scored.
public enum SubsetChoice: Hashable, Sendable {
  /// A quarter of the tokens where that is enough, else all.
  case automatic
  case all
  /// This share of the tokens, above 0 and below 1.
  case share(Double)

  /// What ``automatic`` takes.
  static let automaticShare = 0.25
  /// Items that it must leave.
  ///
  /// Twice as many as in the README's table, where soft scores of a tenth of 800 items rank merges nearly as well
  /// as hits on all of them.
  static let fewestAutomaticItems = 160

  /// The share of the tokens that candidates see; nil: all.
  ///
  /// - Throws: ``Diagnostic`` if a share is asked for where there cannot be one.
  func share(
    _ configuration: SearchConfiguration, of prepared: PreparedEvaluation, hasFront: Bool
  ) throws(Diagnostic) -> Double? {
    let items = prepared.tasks.reduce(0) { $0 + $1.items.count }
    // A target is meant for scores on all items.
    let isEstimable = !hasFront && configuration.aggregate == .mean
    switch self {
    case .all: return nil
    case .automatic:
      let seen = Int(Double(items) * Self.automaticShare)
      guard isEstimable, configuration.target == nil, seen >= Self.fewestAutomaticItems,
        prepared.tasks.allSatisfy({ isShareOfHits($0.objective) })
      else { return nil }
      return Self.automaticShare
    case .share(let share):
      let location = "\(configuration.file): evaluation.subset"
      guard isEstimable else {
        throw Diagnostic(
          "what is estimated from a subset is one weighted mean", at: location,
          fix: "remove the key, or search the weighted mean of the tasks")
      }
      let seen = Int(Double(items) * share)
      guard seen >= BlockSettings.fewestItems else {
        throw Diagnostic(
          "a subset of \(seen) of \(items) items tells too little", at: location,
          fix: "ask for a share that leaves \(BlockSettings.fewestItems) items, or remove the key")
      }
      return share
    }
  }

  /// Whether a score is a mean over items of values from 0 to 1, as the estimates are.
  private func isShareOfHits(_ metric: Metric) -> Bool {
    metric.aggregation == .mean && metric.scale == Metric("acc").scale
  }
}

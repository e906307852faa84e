import Documents
import PopulationStore

/// What racing has saved so far, and what it may have cost.
struct RacingSavings {
  /// Candidates that stopped early.
  let stopped: Int
  /// Full passes over the search split that they did not take.
  let savedPasses: Double
  /// How many of them were, by the looks' own probabilities, not behind the last leader.
  ///
  /// A lower bound: every look counts as the only one, and its leader as if luck had no part in the choice.
  let expectedMistakes: Double

  /// Nil if nobody has stopped.
  init?(_ snapshot: StoreSnapshot) {
    var sums: [String: Double] = [:]
    for event in snapshot.events where event.event.kind == "look" {
      let look = try? decodeJSON([String: Double].self, event.event.detail, at: snapshot.path)
      for (name, value) in look ?? [:] { sums[name, default: 0] += value }
    }
    guard let stopped = sums["stopped"], stopped > 0 else { return nil }
    self.stopped = Int(stopped)
    savedPasses = sums["saved_passes"] ?? 0
    expectedMistakes = sums["doubt"] ?? 0
  }

  var text: String {
    "racing stopped \(counted(stopped, "candidate")) early and saved \(fixed(savedPasses, 1)) passes; "
      + "at least \(fixed(expectedMistakes, 1)) of them may not have been behind"
  }

  var json: JSONValue {
    .object([
      "stopped": JSONValue(stopped),
      "saved_passes": JSONValue(finite: savedPasses),
      "expected_mistakes": JSONValue(finite: expectedMistakes),
    ])
  }
}

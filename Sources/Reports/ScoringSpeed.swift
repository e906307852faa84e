import Documents
import PopulationStore

/// What scoring a candidate on the search split took, averaged over the waves that say so.
struct ScoringSpeed {
  let candidates: Double
  /// Wall-clock seconds per candidate.
  let seconds: Double
  /// The same by what they were spent on, in the order of the forward pass; the parts add up to ``seconds``.
  let parts: [(name: String, seconds: Double)]
  let peakAnonymousBytes: Int

  static let partNames = [
    "merge", "packing", "products", "attention", "elementwise", "head", "other",
  ]

  /// Nil before the first wave.
  init?(_ snapshot: StoreSnapshot) {
    var sums: [String: Double] = [:]
    var peak = 0.0
    for detail in snapshot.waves {
      guard let wave = try? decodeJSON([String: Double].self, detail, at: snapshot.path) else {
        continue
      }
      peak = max(peak, wave["peak_anonymous_bytes"] ?? 0)
      guard wave["search_split"] == 1 else { continue }
      for (name, value) in wave { sums[name, default: 0] += value }
    }
    guard let candidates = sums["candidates"], candidates > 0, let seconds = sums["seconds"] else {
      return nil
    }
    self.candidates = candidates
    self.seconds = seconds / candidates
    parts = Self.partNames.map { ($0, (sums["\($0)_seconds"] ?? 0) / candidates) }
    peakAnonymousBytes = Int(peak)
  }

  var json: JSONValue {
    .object([
      "candidates": JSONValue(finite: candidates),
      "candidates_per_hour": JSONValue(finite: 3600 / seconds),
      "seconds_per_candidate": JSONValue(finite: seconds),
      "parts": .object(
        parts.map { JSONValue.Member("\($0.name)_seconds", JSONValue(finite: $0.seconds)) }),
      "peak_anonymous_bytes": JSONValue(peakAnonymousBytes),
    ])
  }
}

import Diagnostics
import PopulationStore

extension SearchRun {
  /// Scores base, experts and simple merges on the search split.
  func scoreBaselines() throws {
    let search = try store.search()
    let manner = try searchManner(search)
    let baselines = try store.candidates(.baselines)
    if search.phase == .baselines {
      note("scoring \(baselines.count) baselines on the search split")
    }
    try score(baselines.map { ($0, inputs.maskSeed(of: $0)) }, manner, keepsTexts: true)
    if search.phase == .baselines {
      for candidate in try store.candidates(.baselines) {
        note("  " + (try line(candidate, manner)))
      }
    }
    guard try parentScores(manner).contains(where: { $0.score != nil }) else {
      let reasons = try store.candidates(.baselines).compactMap { candidate -> String? in
        if case .failed(let reason) = candidate.status { reason } else { nil }
      }
      throw StorageError.failed(
        Diagnostic(
          "no parent could be scored: \(reasons.first ?? "no reason is known")", at: store.path,
          fix: "repair the models, then start the search anew"))
    }
  }

  private func line(_ candidate: Candidate, _ manner: ScoringManner) throws -> String {
    let name = candidate.name ?? "candidate \(candidate.id)"
    if case .failed(let reason) = candidate.status { return "\(name): failed: \(reason)" }
    let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
    guard let evaluation = try store.evaluation(key) else { return "\(name): not scored" }
    let tasks = evaluation.tasks.map { "\($0.task) \(fixed($0.value, 3))" }.joined(separator: "  ")
    return name.padded(to: 24) + " " + fixed(evaluation.score, 4) + "   " + tasks
  }

  /// The parents with their scores in one manner; nil where a parent failed.
  func parentScores(
    _ manner: ScoringManner
  ) throws -> [(candidate: Candidate, score: Double?)] {
    try store.candidates(.baselines).filter(\.kind.isParent).map { candidate in
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      return (candidate, try store.evaluation(key)?.score)
    }
  }
}

extension String {
  /// The text followed by as many spaces as make it `width` characters long.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

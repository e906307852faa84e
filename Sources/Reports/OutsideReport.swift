public import PopulationStore
import SearchSpaces

/// A search whose scores came from outside of this program: its best points, for people.
public struct OutsideReport {
  private let report: SearchReport
  /// Whether scores are stored with their sign changed, since higher is better in a store.
  private let minimizes: Bool
  /// Whether equal candidates have equal scores.
  private let isExact: Bool

  /// Nil for searches over tasks.
  public init?(_ snapshot: StoreSnapshot) {
    guard snapshot.search.precision == "external" else { return nil }
    report = SearchReport(snapshot)
    let settings = snapshot.search.plan.flatMap { plan in
      try? decodeJSON([String: Bool].self, plan.settings, at: "plan.settings")
    }
    minimizes = settings?["minimizes"] ?? false
    isExact = settings?["exact"] ?? false
  }

  /// The candidate to use: after the end the distribution's mean where scores are samples of something,
  /// before it the best observed one.
  public var recommended: Candidate? {
    let snapshot = report.snapshot
    guard snapshot.search.phase == .finished else { return report.bestObserved }
    let mean = snapshot.finalists.last { $0.origin == Finalist.meanOrigin }
    let best = snapshot.candidates.filter { $0.genome != nil && score($0) != nil }
      .max { (score($0) ?? 0, $1.id) < (score($1) ?? 0, $0.id) }
    guard let mean = mean.flatMap({ report.candidate($0.candidate) }), score(mean) != nil,
      !isExact
    else { return best }
    return mean
  }

  private func score(_ candidate: Candidate) -> Double? {
    report.figure(candidate.id, .search)?.value
  }

  public var text: String {
    let search = report.snapshot.search
    let spent = report.snapshot.evaluations.count
    var lines = [
      "\(search.name): \(search.phase.rawValue), \(spent) candidates scored",
      "\(search.plan?.algorithm ?? ""), \(search.plan?.population ?? 0) candidates per generation, "
        + "seed \(search.seed)",
    ]
    for baseline in report.baselines {
      guard let value = score(baseline) else { continue }
      lines.append("\(baseline.name ?? ""): \(shown(value))")
    }
    guard let recommended, let value = score(recommended) else { return joined(lines) }
    let origin = report.snapshot.finalists.last { $0.candidate == recommended.id }?.origin
    lines.append("")
    lines.append(
      "recommended: candidate \(recommended.id)\(origin.map { ", \($0)" } ?? ""), score \(shown(value))"
    )
    if let genome = recommended.genome, let space = report.space {
      for assignment in space.assignments(of: genome) where assignment.isActive {
        lines.append("  \(assignment.name): \(assignment.value.exact)")
      }
    }
    if let best = report.bestObserved, best.id != recommended.id, let value = score(best) {
      lines.append("best observed: candidate \(best.id), score \(shown(value))")
    }
    return joined(lines)
  }

  private func joined(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }

  private func shown(_ score: Double) -> String { "\(minimizes ? -score : score)" }
}

extension ParameterValue {
  /// With every digit.
  fileprivate var exact: String {
    if case .real(let value) = self { "\(value)" } else { description }
  }
}

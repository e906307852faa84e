public import Diagnostics
public import PopulationStore

/// A candidate of a search as a file that `merge`, `mergekit-yaml` and `mergekit-multi` read.
public struct RecipeExport: Sendable {
  /// YAML; its first comment lines say where it comes from and whether it was validated.
  public let text: String
  /// What the user should hear on standard error; nil for a validated winner.
  public let warning: String?

  /// The winner, or before there is one the best observed candidate, or the one asked for.
  ///
  /// - Throws: ``Diagnostic`` if nothing has been scored yet, or the candidate is a parent and has no recipe.
  public init(_ report: SearchReport, candidate id: Candidate.ID? = nil) throws(Diagnostic) {
    let candidate = try Self.choose(id, report)
    guard let recipe = candidate.recipe else {
      let path = report.snapshot.search.models.first { $0.name == candidate.name }?.path
      throw Diagnostic(
        "candidate \(candidate.id) is the parent '\(report.name(candidate))' itself, not a merge",
        at: report.snapshot.path, fix: path.map { "use the model at \($0)" } ?? "use that model")
    }
    let search = report.snapshot.search.name
    var notes: [String] = []
    if candidate.id == report.winner?.id {
      notes.append("Winner of the search '\(search)': \(report.name(candidate)).")
      let test = report.figure(candidate.id, .test).map { "test \($0.text)" }
      let validation = report.figure(candidate.id, .validation).map { "validation \($0.text)" }
      let scores = [validation, test].compactMap(\.self).joined(separator: ", ")
      if !scores.isEmpty { notes.append("Scores: \(scores).") }
      for comparison in report.conclusion?.comparisons ?? [] where comparison.role != .parent {
        notes.append("Verdict: \(comparison.words).")
      }
      warning = nil
    } else {
      notes.append("From the search '\(search)': \(report.name(candidate)).")
      let problem = Self.problem(with: candidate, report)
      notes.append("Warning: \(problem)")
      warning = problem
    }
    let comments = notes.map { "# " + $0.replacing("\n", with: " ") + "\n" }.joined()
    text = comments + recipe + (recipe.hasSuffix("\n") ? "" : "\n")
  }

  private static func choose(
    _ id: Candidate.ID?, _ report: SearchReport
  ) throws(Diagnostic) -> Candidate {
    if let id {
      guard let candidate = report.candidate(id) else {
        throw Diagnostic(
          "there is no candidate \(id)", at: report.snapshot.path,
          fix: "use a number from 1 to \(report.snapshot.candidates.last?.id ?? 0)")
      }
      return candidate
    }
    if let winner = report.winner { return winner }
    guard let best = report.bestObserved else {
      throw Diagnostic(
        "no candidate has been scored yet", at: report.snapshot.path,
        fix: "go on with `mergevolve resume \(report.snapshot.path)`")
    }
    return best
  }

  private static func problem(with candidate: Candidate, _ report: SearchReport) -> String {
    switch candidate.status {
    case .failed(let reason): return "this candidate failed: \(reason)."
    case .pending: return "this candidate has not been scored."
    case .dropped: return "this candidate was given up without a result."
    case .stopped: return "this candidate was raced out, and not validated."
    case .scored: break
    }
    guard let score = report.figure(candidate.id, .search) else { return "not validated." }
    if report.figure(candidate.id, .validation) != nil {
      return "validated, but not the winner."
    }
    return "not validated: its search score of \(fixed(score.value, 4)) was chosen among "
      + "\(counted(report.scoredCount, "candidate")), and is too good to be true."
  }
}

extension SearchReport {
  fileprivate var scoredCount: Int {
    snapshot.candidates.lazy.filter { $0.kind == .search && $0.status == .scored }.count
  }
}

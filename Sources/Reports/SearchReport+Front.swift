import PopulationStore

extension SearchReport {
  /// At most so many models of a front are listed.
  private static let frontLimit = 12

  /// What is fixed of a plan, as far as a front needs it.
  private struct PlanSettings: Decodable {
    var objectives: Int?
  }

  /// Whether the search keeps a front, with an objective per task.
  private var keepsFront: Bool {
    guard let plan = snapshot.search.plan else { return false }
    let settings = try? decodeJSON(PlanSettings.self, plan.settings, at: snapshot.path)
    return (settings?.objectives ?? 1) > 1
  }

  /// The Pareto front by task, empty where there is one objective.
  ///
  /// So far on the search questions; of a finished search the validated members on the test questions.
  var front: [String] {
    let tasks = snapshot.search.tasks
    guard keepsFront else { return [] }
    let split: BenchmarkSplit =
      conclusion != nil && snapshot.search.phase == .finished ? .test : .search
    let objectives = tasks.map { Objective($0) }
    let found = snapshot.candidates.compactMap { candidate -> (Candidate, Figure, [Double])? in
      guard candidate.kind == .search || candidate.kind == .finalist,
        candidate.duplicateOf == nil, candidate.id != bestControl?.id,
        let figure = figure(candidate.id, split)
      else { return nil }
      let values = objectives.compactMap { $0.value(in: figure) }
      return values.count == objectives.count ? (candidate, figure, values) : nil
    }
    let members =
      split == .test
      ? Array(found.indices)
      : paretoFront(found.map { zip(objectives, $0.2).map { $0.utility($1) } })
    guard members.count > 1 else { return [] }
    let title =
      split == .test
      ? "Pareto front as validated, on \(split.rawValue)"
      : "Pareto front so far, on \(split.rawValue)"
    var table = TextTable(header: [title, "score"] + tasks.map(\.name), wordColumns: 1)
    let best = members.map { found[$0] }
      .sorted { ($1.1.value, $0.0.id) < ($0.1.value, $1.0.id) }
    for (candidate, figure, values) in best.prefix(Self.frontLimit) {
      table.rows.append(
        [name(candidate), fixed(figure.value, 4)] + values.map { fixed($0, 3) })
    }
    let hidden = best.count - min(best.count, Self.frontLimit)
    return table.lines + (hidden > 0 ? ["and \(counted(hidden, "model")) more"] : [])
  }
}

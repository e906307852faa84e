import PopulationStore

extension HTMLReport {
  /// How the scores went while the budget was spent.
  var courseSection: PageSection? {
    let generations = report.progress
    guard !generations.isEmpty else { return nil }
    var blocks: [Block] = []
    if let plot = coursePlot(generations) { blocks.append(.figure(.init(plot))) }
    blocks.append(.paragraph(courseWords(generations)))
    let failures = report.failures
    if !failures.isEmpty {
      var table = Block.Table(caption: "Why candidates failed", header: ["reason", "candidates"])
      table.rows = failures.map { .init(cells: [$0.reason, "\($0.count)"]) }
      blocks.append(.table(table))
    }
    blocks.append(.details(summary: "Generation by generation", [.table(table(generations))]))
    return PageSection(id: "course", title: "Course of the search", blocks: blocks)
  }

  /// A candidate with a complete score on the search split, and what had been spent when it had one.
  struct ScoredCandidate {
    var candidate: Candidate
    var spent: Double
    var figure: Figure
  }

  /// In the order of proposal.
  var scoredCandidates: [ScoredCandidate] {
    var costs: [Candidate.ID: Double] = [:]
    for evaluation in report.snapshot.evaluations
    where evaluation.key.split == .search && evaluation.key.precision == report.searching.precision
      && evaluation.key.decode == report.searching.decode
    {
      costs[evaluation.key.candidate, default: 0] += evaluation.cost
    }
    var spent = 0.0
    return report.snapshot.candidates.filter { $0.kind == .search }.compactMap { candidate in
      spent += costs[candidate.id] ?? 0
      guard candidate.status == .scored, let figure = report.figure(candidate.id, .search) else {
        return nil
      }
      return ScoredCandidate(candidate: candidate, spent: spent, figure: figure)
    }
  }

  private func coursePlot(_ generations: [GenerationFigures]) -> XYPlot? {
    let scored = scoredCandidates
    guard let last = scored.last else { return nil }
    var best: [(x: Double, y: Double)] = []
    var means: [(x: Double, y: Double)] = []
    var ends: [Candidate.Proposal: Double] = [:]
    for entry in scored {
      let leader = max(best.last?.y ?? entry.figure.value, entry.figure.value)
      best.append((entry.spent, leader))
      if let proposal = entry.candidate.proposal {
        ends[.init(run: proposal.run, generation: proposal.generation, index: 0)] = entry.spent
      }
    }
    for figures in generations {
      let key = Candidate.Proposal(
        run: figures.generation.run, generation: figures.generation.number, index: 0)
      if let mean = figures.mean, let end = ends[key] { means.append((end, mean)) }
    }
    let references = references
    let leader = report.bestObserved.flatMap { report.figure($0.id, .search) }
    var summary =
      "\(counted(scored.count, "candidate")) over \(short(last.spent, 1)) evaluations"
    if let leader { summary += "; the best has \(fixed(leader.value, 4))" }
    for reference in references { summary += "; \(reference.name) \(fixed(reference.y, 4))" }
    var plot = XYPlot(
      title: "Score on the search questions over evaluations", summary: summary,
      xLabel: "evaluations spent", yLabel: "search score",
      xOrigin: 0)
    plot.series = [
      .init(
        name: "candidate", style: .candidate, shape: .dots,
        points: scored.map { ($0.spent, $0.figure.value) }),
      .init(name: "mean of a generation", style: .mean, shape: .line, points: means),
      .init(name: "best so far", style: .best, shape: .steps, points: best),
    ]
    plot.references = references
    if let subject, let figure = report.figure(subject.id, .search) {
      // Finalists that the search did not propose are made at its end.
      let spent = scored.first { $0.candidate.id == subject.duplicateOf ?? subject.id }?.spent
      plot.marks = [
        .init(
          name: report.winner == nil ? "best, candidate \(subject.id)" : "winner", style: .winner,
          x: spent ?? last.spent, y: figure.value)
      ]
    }
    return plot
  }

  /// Parents and the best simple merge, as far as they are scored.
  private var references: [XYPlot.Reference] {
    let models =
      report.baselines.filter(\.kind.isParent)
      + [bestSimple, report.bestControl].compactMap { $0 }
    return models.compactMap { model in
      report.figure(model.id, .search).map { figure in
        XYPlot.Reference(
          name: report.name(model), style: style(of: model), y: figure.value)
      }
    }
  }

  func style(of candidate: Candidate) -> XYPlot.Style {
    switch candidate.kind {
    case .base: .base
    case .expert: .expert
    case .simple: .simple
    case .search, .finalist, .control: .candidate
    }
  }

  private func courseWords(_ generations: [GenerationFigures]) -> String {
    let scored = generations.reduce(0) { $0 + $1.scored }
    let stopped = generations.reduce(0) { $0 + $1.stopped }
    let failed = generations.reduce(0) { $0 + $1.failed }
    var words =
      "\(counted(scored, "candidate")) scored in \(counted(generations.count, "generation")); "
      + "one evaluation is a full pass over the search questions"
    if stopped > 0 { words += "; \(stopped) raced out, which have no full score and are not drawn" }
    if failed > 0 { words += "; \(failed) failed" }
    return words + "."
  }

  private func table(_ generations: [GenerationFigures]) -> Block.Table {
    let runs = Set(generations.map(\.generation.run)).count
    var table = Block.Table(
      caption: "Scores on the search questions",
      header: [
        "generation", "outcome", "candidates", "scored", "raced out", "failed", "mean", "best",
        "best so far",
      ], wordColumns: 2)
    for figures in generations {
      let generation = figures.generation
      table.rows.append(
        .init(cells: [
          runs > 1 ? "run \(generation.run), \(generation.number)" : "\(generation.number)",
          generation.outcome.rawValue, "\(figures.candidates)", "\(figures.scored)",
          "\(figures.stopped)", "\(figures.failed)", score(figures.mean), score(figures.best),
          score(figures.bestSoFar),
        ]))
    }
    return table
  }

  private func score(_ value: Double?) -> String { value.map { fixed($0, 4) } ?? "–" }
}

import PopulationStore

extension HTMLReport {
  // MARK: Verdict

  var verdictSection: PageSection? {
    guard let conclusion = report.conclusion else { return nil }
    var table = Block.Table(
      caption: "Gain of the winner over its opponents, paired question by question",
      header: ["opponent", "mean", "from", "to", "level"])
    var rows: [IntervalPlot.Row] = []
    for comparison in conclusion.comparisons {
      let name = report.opponentName(comparison)
      let isMain = comparison.role != .parent
      table.rows.append(
        .init(
          cells: [
            name, signed(comparison.gain, 4), signed(comparison.low, 4),
            signed(comparison.high, 4), "\(short(comparison.level * 100, 1)) %",
          ], isEmphasised: isMain))
      rows.append(
        .init(
          name: name, value: comparison.gain, low: comparison.low, high: comparison.high,
          isMain: isMain))
    }
    let main = conclusion.comparisons.filter { $0.role != .parent }.map(\.words)
    let number = main.count > 2 ? "three" : "two"
    let split = conclusion.comparisons.first?.split.rawValue ?? BenchmarkSplit.test.rawValue
    var blocks: [Block] = [
      .paragraph(
        "The winner is \(subjectName), chosen on validation questions. "
          + "The verdict on \(split) questions: \(main.joined(separator: "; ")).")
    ]
    if !rows.isEmpty {
      blocks.append(
        .figure(
          .init(
            plot: IntervalPlot(
              title: "Gain over opponents on \(split)",
              summary: rows.map {
                "\($0.name): \(signed($0.value, 4)), from \(signed($0.low, 4)) to "
                  + signed($0.high, 4)
              }.joined(separator: "; "), xLabel: "gain of the winner", rows: rows))))
      blocks.append(.table(table))
      blocks.append(
        .paragraph(
          "Intervals are paired bootstrap intervals over the questions. The words of the verdict "
            + "follow the \(number) emphasised ones, which are wider because they are \(number); the "
            + "other parents are shown unadjusted."))
    }
    if !report.notes.isEmpty { blocks.append(.list(report.notes)) }
    if !report.snapshot.finalists.isEmpty {
      blocks.append(.details(summary: "All finalists", [.table(finalists)]))
    }
    return PageSection(id: "verdict", title: "Verdict", blocks: blocks)
  }

  private var finalists: Block.Table {
    var table = Block.Table(
      caption: "Finalists in the order in which they were entered; validation chose among them",
      header: ["candidate", "origin"] + BenchmarkSplit.allCases.map(\.rawValue), wordColumns: 2)
    for finalist in report.snapshot.finalists {
      let scores = BenchmarkSplit.allCases.map { split in
        report.figure(finalist.candidate, split).map(text) ?? "–"
      }
      table.rows.append(
        .init(
          cells: ["\(finalist.candidate)", finalist.origin] + scores,
          isEmphasised: finalist.candidate == report.winner?.id))
    }
    return table
  }

  // MARK: Scores

  var scoresSection: PageSection? {
    let splits = BenchmarkSplit.allCases.reversed().filter { split in
      report.shown.contains { report.figure($0.candidate.id, split) != nil }
    }
    guard !splits.isEmpty else { return nil }
    return PageSection(
      id: "scores", title: "Scores",
      blocks: [
        .paragraph(
          "Mean ± half a 95 % interval (1.96 standard errors over the questions). "
            + "Only the test questions have been seen by no choice.")
      ] + splits.map { .table(scores(on: $0)) })
  }

  private func scores(on split: BenchmarkSplit) -> Block.Table {
    let tasks = report.snapshot.search.tasks
    let items = report.shown.lazy
      .compactMap { report.figure($0.candidate.id, split) }
      .first.map { $0.tasks.reduce(0) { $0 + $1.count } }
    let manner = split == .search ? report.searching : report.judging
    let metrics = Set(tasks.map(\.metric))
    let metric = metrics.count == 1 ? tasks.first?.metric : nil
    var caption = "\(split.rawValue)"
    if let items, items > 0 { caption += ", \(counted(items, "question"))" }
    if let metric { caption += "; tasks by \(metric)" }
    var table = Block.Table(
      caption: caption + "; \(report.words(manner))",
      header: ["model", "kind", "score"]
        + tasks.map { metric == nil ? "\($0.name), \($0.metric)" : $0.name },
      wordColumns: 2)
    for row in report.shown {
      guard let figure = report.figure(row.candidate.id, split) else { continue }
      let values = tasks.map { task -> String in
        let scores = figure.tasks.filter { $0.task == task.name }
        let score = scores.first { $0.metric == task.metric } ?? scores.first
        return score.map { interval($0.value, $0.standardError, digits: 3) } ?? "–"
      }
      table.rows.append(
        .init(
          cells: [report.name(row.candidate), row.kind, text(figure)] + values,
          isEmphasised: row.candidate.id == subject?.id))
    }
    return table
  }

  func text(_ figure: Figure) -> String { interval(figure.value, figure.standardError) }

  private func interval(_ value: Double, _ error: Double?, digits: Int = 4) -> String {
    fixed(value, digits) + (error.map { " ± " + fixed(1.96 * $0, digits) } ?? "")
  }
}

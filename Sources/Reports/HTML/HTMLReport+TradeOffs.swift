import PopulationStore

extension HTMLReport {
  /// At most so many pairs of objectives are drawn.
  private static let pairLimit = 6

  /// At most so many models of a front are listed.
  private static let rowLimit = 100

  /// Objectives against each other, two by two: what cannot be had without giving up something else.
  var tradeOffSection: PageSection? {
    let objectives = self.objectives
    guard objectives.count > 1 else { return nil }
    let entries = tradeOffEntries(objectives)
    guard entries.count > 2 else { return nil }
    let pairs = pairs(objectives, entries)
    let front = paretoFront(entries.map { utilities($0, objectives) })
    var blocks: [Block] = [
      .paragraph(
        "\(counted(front.count, "model")) of \(entries.count) on the front of all "
          + "\(objectives.count) objectives: no other is as good in all and better in one. "
          + "Scores are those on the search questions.")
    ]
    if pairs.count < objectives.count * (objectives.count - 1) / 2 {
      blocks.append(
        .paragraph("Drawn are the \(pairs.count) pairs with the strongest trade-off."))
    }
    let pictures = pairs.map { Block.Picture(plot($0.first, $0.second, entries)) }
    blocks += pictures.count == 1 ? pictures.map(Block.figure) : [.gallery(pictures)]
    let best = front.map { entries[$0] }.sorted { score($0) > score($1) }
    blocks.append(
      .details(
        summary: "The front of all objectives",
        [.table(table(Array(best.prefix(Self.rowLimit)), of: best.count, objectives))]))
    return PageSection(id: "trade-offs", title: "Trade-offs", blocks: blocks)
  }

  /// One per task; what they measure is named where they measure different things.
  private var objectives: [Objective] {
    let tasks = report.snapshot.search.tasks
    let namesMetric = Set(tasks.map(\.metric)).count > 1
    return tasks.map { Objective($0, namesMetric: namesMetric) }
  }

  private struct Entry {
    var candidate: Candidate
    /// In the order of the objectives.
    var values: [Double]
  }

  /// Every model with a complete score: parents, simple merges and candidates of the search.
  private func tradeOffEntries(_ objectives: [Objective]) -> [Entry] {
    report.snapshot.candidates.filter { $0.duplicateOf == nil }.compactMap { candidate in
      guard let figure = report.figure(candidate.id, .search) else { return nil }
      let values = objectives.compactMap { $0.value(in: figure) }
      return values.count == objectives.count ? Entry(candidate: candidate, values: values) : nil
    }
  }

  private func utilities(_ entry: Entry, _ objectives: [Objective]) -> [Double] {
    zip(objectives, entry.values).map { $0.utility($1) }
  }

  private typealias Axis = (index: Int, objective: Objective)

  /// Those first in which one objective costs most of the other.
  private func pairs(
    _ objectives: [Objective], _ entries: [Entry]
  ) -> [(first: Axis, second: Axis)] {
    let columns = objectives.enumerated().map { index, objective in
      entries.map { objective.utility($0.values[index]) }
    }
    var pairs: [(first: Axis, second: Axis, correlation: Double)] = []
    for first in objectives.indices {
      for second in objectives.indices.dropFirst(first + 1) {
        pairs.append(
          (
            (first, objectives[first]), (second, objectives[second]),
            correlation(columns[first], columns[second])
          ))
      }
    }
    return pairs.enumerated().sorted {
      ($0.element.correlation, $0.offset) < ($1.element.correlation, $1.offset)
    }.prefix(Self.pairLimit).map { ($0.element.first, $0.element.second) }
  }

  private func plot(_ first: Axis, _ second: Axis, _ entries: [Entry]) -> XYPlot {
    let points = entries.map { (x: $0.values[first.index], y: $0.values[second.index]) }
    let front = paretoFront(
      points.map { [first.objective.utility($0.x), second.objective.utility($0.y)] }
    ).map { points[$0] }.sorted { left, right in
      // The second objective falls along the front.
      let utilities = (second.objective.utility(left.y), second.objective.utility(right.y))
      return utilities.0 == utilities.1 ? left.x < right.x : utilities.0 > utilities.1
    }
    var plot = XYPlot(
      title: "\(first.objective.name) against \(second.objective.name)",
      summary: "\(counted(points.count, "model")), \(front.count) of them on the front from "
        + (front.first.map { "\(fixed($0.x, 3)), \(fixed($0.y, 3))" } ?? "nowhere") + " to "
        + (front.last.map { "\(fixed($0.x, 3)), \(fixed($0.y, 3))" } ?? "nowhere"),
      xLabel: axisName(first.objective), yLabel: axisName(second.objective))
    plot.series = [
      .init(name: "candidate", style: .candidate, shape: .dots, points: points),
      .init(name: "front of the two", style: .front, shape: .drops, points: front),
    ]
    plot.marks = entries.compactMap { entry in
      let isSubject = entry.candidate.id == subject?.id
      guard isSubject || entry.candidate.kind.isParent || entry.candidate.id == bestSimple?.id
      else { return nil }
      return XYPlot.Mark(
        name: isSubject && report.winner != nil ? "winner" : report.name(entry.candidate),
        style: isSubject ? .winner : style(of: entry.candidate),
        x: entry.values[first.index], y: entry.values[second.index])
    }
    return plot
  }

  private func axisName(_ objective: Objective) -> String {
    objective.higherIsBetter ? objective.name : objective.name + " (lower is better)"
  }

  /// The score of the search, in which the objectives are weighted.
  private func score(_ entry: Entry) -> Double {
    report.figure(entry.candidate.id, .search)?.value ?? -.infinity
  }

  private func table(
    _ entries: [Entry], of count: Int, _ objectives: [Objective]
  ) -> Block.Table {
    let part = entries.count < count ? ", the best \(entries.count) of \(count)" : ""
    var table = Block.Table(
      caption: "Models that no other dominates, by score\(part)",
      header: ["model", "score"] + objectives.map(\.name))
    for entry in entries {
      table.rows.append(
        .init(
          cells: [report.name(entry.candidate), fixed(score(entry), 4)]
            + entry.values.map { fixed($0, 4) },
          isEmphasised: entry.candidate.id == subject?.id))
    }
    return table
  }
}

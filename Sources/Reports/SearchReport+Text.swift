import Foundation
import PopulationStore
import SearchSpaces

extension SearchReport {
  /// What `status` prints: where the search stands, who is how good, and how it got there.
  public var statusText: String {
    var sections = [heading, table.joined(separator: "\n")]
    sections.append(front.joined(separator: "\n"))
    if conclusion != nil { sections.append(verdict.joined(separator: "\n")) }
    sections.append(course.joined(separator: "\n"))
    return sections.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// What a search prints at its end: everybody's scores, the gains and the verdict in words.
  public var finalText: String {
    ([table, front, verdict].filter { !$0.isEmpty }.map { $0.joined(separator: "\n") })
      .joined(separator: "\n\n") + "\n"
  }

  private var heading: String {
    let search = snapshot.search
    var lines = ["\(search.name): \(phaseWords)"]
    var spent = "\(short(snapshot.chargedCost, 1)) evaluations spent"
    if let evaluations = search.budget.evaluations {
      spent = "\(short(snapshot.chargedCost, 1)) of \(evaluations) evaluations spent"
      if search.budget.reserve > 0 {
        spent += ", \(short(search.budget.reserve, 1)) reserved for finalists"
      }
    }
    lines.append(
      "\(spent); ran \(duration(snapshot.runningTime)) in \(counted(snapshot.sessions, "session"))"
        + (search.budget.timeLimit.map { " of at most \(duration($0))" } ?? ""))
    if let plan = search.plan {
      var words = [plan.algorithm]
      if let covariance = plan.covariance { words.append("\(covariance) covariance") }
      if let space { words.append(counted(space.parameters.count, "parameter")) }
      words.append("\(plan.population) candidates per generation")
      if plan.racing { words.append("racing") }
      words.append("seed \(search.seed)")
      lines.append(words.joined(separator: ", "))
    }
    lines.append(
      "search scores: \(words(searching)); validation and test scores: \(words(judging))")
    return lines.joined(separator: "\n")
  }

  func words(_ manner: Manner) -> String { "\(manner.precision), decode \(manner.decode)" }

  var phaseWords: String {
    switch snapshot.search.phase {
    case .baselines:
      let done = baselines.filter(\.status.isSettled).count
      return "scoring the baselines, \(done) of \(baselines.count) done"
    case .searching:
      guard let last = progress.last else { return "searching" }
      let settled = last.scored + last.failed + last.stopped
      return "searching, generation \(last.generation.number), "
        + "\(settled) of \(last.candidates) candidates done"
    case .finalists: return "validating the finalists"
    case .finished: return snapshot.conclusions.count > 1 ? "finished, extended" : "finished"
    case .stalled: return "stopped: \(snapshot.search.reason ?? "for an unknown reason")"
    }
  }

  // MARK: Table

  /// The candidates that a table shows: baselines, then the winner or the best observed one.
  var shown: [(candidate: Candidate, kind: String)] {
    var rows = baselines.map { ($0, $0.kind.rawValue) }
    // A concluded search shows the simple merge that took part in the verdict only.
    if let conclusion {
      rows.removeAll { $0.0.kind == .simple && $0.0.id != conclusion.bestSimple }
    }
    if let control = bestControl, control.id != winner?.id { rows.append((control, "control")) }
    if let winner { rows.append((winner, "winner")) }
    let isFinished = winner != nil && snapshot.search.phase == .finished
    if !isFinished, let bestObserved, bestObserved.id != winner?.id {
      rows.append((bestObserved, "best so far"))
    }
    return rows.map { (candidate: $0.0, kind: $0.1) }
  }

  private var table: [String] {
    let splits = BenchmarkSplit.allCases.filter { split in
      shown.contains { figure($0.candidate.id, split) != nil }
    }
    var table = TextTable(
      header: ["model", "kind"] + splits.map(\.rawValue), wordColumns: 2)
    for row in shown {
      let scores = splits.map { split -> String in
        if let figure = figure(row.candidate.id, split) { return figure.text }
        if case .failed = row.candidate.status { return "failed" }
        return "-"
      }
      table.rows.append([name(row.candidate), row.kind] + scores)
    }
    var lines = table.lines
    if let told = toldMetrics {
      lines.append("search scores are what the optimizer is told: \(told)")
    }
    if snapshot.search.tasks.count > 1, let split = splits.last {
      lines += [""] + taskTable(on: split)
    }
    return lines
  }

  /// What the optimizer is told where that is not the metric that judges, as `TASK METRIC, …`; nil: it is.
  private var toldMetrics: String? {
    guard let first = baselines.lazy.compactMap({ figure($0.id, .search) }).first else {
      return nil
    }
    let told = snapshot.search.tasks.compactMap { task -> (task: String, metric: String)? in
      guard let score = first.tasks.first(where: { $0.task == task.name }),
        ![task.metric, "\(task.metric)_forced"].contains(score.metric)
      else { return nil }
      return (task.name, score.metric)
    }
    guard let one = told.first else { return nil }
    if told.count == snapshot.search.tasks.count, told.allSatisfy({ $0.metric == one.metric }) {
      return one.metric
    }
    return told.map { "\($0.task) \($0.metric)" }.joined(separator: ", ")
  }

  /// Every task's metric on one split.
  private func taskTable(on split: BenchmarkSplit) -> [String] {
    let tasks = snapshot.search.tasks
    var table = TextTable(
      header: ["\(split.rawValue), by task"] + tasks.map(\.name), wordColumns: 1)
    for row in shown {
      guard let figure = figure(row.candidate.id, split) else { continue }
      table.rows.append(
        [name(row.candidate)]
          + tasks.map { task in
            let scores = figure.tasks.filter { $0.task == task.name }
            let score = scores.first { $0.metric == task.metric } ?? scores.first
            return score.map { fixed($0.value, 3) } ?? "-"
          })
    }
    // Many tasks do not fit beside each other; `status --json` has them all.
    return table.width <= 110 ? table.lines : []
  }

  // MARK: Verdict

  private var verdict: [String] {
    guard let conclusion else { return [] }
    var table = TextTable(
      header: [
        "gain of the winner on \(BenchmarkSplit.test.rawValue) over", "mean", "interval", "",
      ],
      wordColumns: 1)
    for comparison in conclusion.comparisons {
      table.rows.append([
        opponentName(comparison), signed(comparison.gain, 4),
        "\(signed(comparison.low, 4)) … \(signed(comparison.high, 4))",
        "\(short(comparison.level * 100, 1)) %",
      ])
    }
    let words = conclusion.comparisons.filter { $0.role != .parent }.map(\.words)
    return table.lines + ["", "Verdict: " + words.joined(separator: "; ") + "."] + notes
  }

  /// The opponent's name with the part that it plays.
  func opponentName(_ comparison: Comparison) -> String {
    let part =
      switch comparison.role {
      case .bestParent: "the best parent, "
      case .bestSimple: "the best simple merge, "
      case .control: "the best random candidate, "
      case .parent: ""
      }
    return part + name(comparison.opponent)
  }

  /// What a reader should know before believing the figures.
  var notes: [String] {
    guard let winner else { return [] }
    var notes: [String] = []
    if let search = figure(winner.id, .search, judging), let test = figure(winner.id, .test) {
      let gaps = baselines.filter(\.kind.isParent).compactMap { parent -> Double? in
        guard let search = figure(parent.id, .search, judging),
          let test = figure(parent.id, .test)
        else { return nil }
        return search.value - test.value
      }
      var note =
        "On the search questions, scored as on test, the winner has \(fixed(search.value, 4)), "
        + "\(signed(search.value - test.value, 4)) against test"
      if !gaps.isEmpty {
        note += "; its parents have \(signed(gaps.reduce(0, +) / Double(gaps.count), 4)) on average"
      }
      notes.append(note + ".")
    }
    for split in [BenchmarkSplit.validation, .test] {
      guard let figure = figure(winner.id, split), let first = figure.bySeed.first,
        figure.bySeed.count > 1, let least = figure.bySeed.min(), let most = figure.bySeed.max()
      else { continue }
      notes.append(
        "The winner's masks are random: on \(split.rawValue) the exported seed has "
          + "\(fixed(first, 4)), \(figure.bySeed.count) seeds lie in "
          + "\(fixed(least, 4)) … \(fixed(most, 4)); the table shows means.")
    }
    let judged = [BenchmarkSplit.validation, .test].compactMap { figure(winner.id, $0) }
      .flatMap(\.tasks)
    let decoded = judged.reduce(0) { $0 + $1.decoded }
    let changed = judged.reduce(0) { $0 + $1.changed }
    if decoded > 0 {
      notes.append(
        "\(counted(decoded, "answer")) of the winner were decoded because the forced pass proved "
          + "nothing; in \(changed) of them decoding changed the score.")
    }
    if snapshot.testLooks.count > 1 {
      notes.append(
        "The test questions have been looked at \(snapshot.testLooks.count) times; "
          + "only the first look is unbiased.")
    }
    return notes
  }

  // MARK: Course

  private var course: [String] {
    let progress = progress
    guard let last = progress.last else { return [] }
    var lines: [String] = []
    if let first = progress.compactMap(\.best).first, let best = last.bestSoFar {
      let from = progress[0].generation.number
      lines.append("best search score so far, generations \(from) to \(last.generation.number):")
      lines.append(
        "  \(sparkline(progress.map(\.bestSoFar)))  \(fixed(first, 4)) → \(fixed(best, 4))")
      let means = progress.compactMap(\.mean)
      if let first = means.first, let latest = means.last {
        lines.append("mean search score of a generation:")
        lines.append(
          "  \(sparkline(progress.map(\.mean)))  \(fixed(first, 4)) → \(fixed(latest, 4))")
      }
    }
    let scored = progress.reduce(0) { $0 + $1.scored }
    let failed = progress.reduce(0) { $0 + $1.failed }
    let stopped = progress.reduce(0) { $0 + $1.stopped }
    var words = ["\(counted(scored, "candidate")) scored"]
    if stopped > 0 { words.append("\(stopped) raced out") }
    if failed > 0 { words.append("\(failed) failed") }
    lines.append(words.joined(separator: ", "))
    if let savings = RacingSavings(snapshot) { lines.append(savings.text) }
    if let failure = failures.first {
      lines.append("most frequent failure (\(failure.count)): \(failure.reason)")
    }
    return lines
  }
}

import PopulationStore

/// A running search at a glance, fitted to a terminal.
public struct WatchView: Sendable {
  private let report: SearchReport
  private let timings: SearchTimings

  public init(_ report: SearchReport) {
    self.report = report
    timings = report.timings
  }

  /// Whether nothing more will come unless somebody extends the search.
  public var isOver: Bool {
    switch report.snapshot.search.phase {
    case .finished, .stalled: true
    case .baselines, .searching, .finalists: false
    }
  }

  /// One line for logs and pipes: it changes when a generation is closed or a phase ends.
  public var line: String {
    let search = report.snapshot.search
    guard search.phase == .searching else { return "\(search.name): \(phase)" }
    let closed = report.progress.last { $0.generation.outcome != .open }
    guard let closed else { return "\(search.name): searching, first generation" }
    var parts = ["\(search.name): generation \(closed.generation.number) closed"]
    if let best = closed.bestSoFar { parts.append("best \(fixed(best, 4))") }
    if let parent { parts.append("best parent \(fixed(parent.score, 4)) (\(parent.name))") }
    if let rate = timings.candidatesPerHour { parts.append("\(fixed(rate, 0)) candidates/h") }
    return parts.joined(separator: " · ")
  }

  /// At most `height` lines of at most `width` characters, the most important first.
  public func lines(width: Int, height: Int) -> [String] {
    let width = max(16, width)
    var lines = wrapped("\(report.snapshot.search.name): \(report.phaseWords)", width)
    lines += budget(width)
    lines += wrapped(rates, width)
    lines += wrapped(leaders, width)
    if !course(width).isEmpty { lines += [""] + course(width) }
    lines += [""] + table(width)
    return lines.prefix(max(1, height)).map { String($0.prefix(width)) }
  }

  private var phase: String {
    switch report.snapshot.search.phase {
    case .baselines: "scoring the baselines"
    case .searching: "searching"
    case .finalists: "validating the finalists"
    case .finished, .stalled: report.phaseWords
    }
  }

  // MARK: Figures

  /// The best parent on the search questions, which candidates are compared with while they run.
  private var parent: (name: String, score: Double)? {
    report.baselines.filter(\.kind.isParent)
      .compactMap { parent in
        report.figure(parent.id, .search).map { (report.name(parent), $0.value) }
      }
      .max { $0.1 < $1.1 }
  }

  /// Share of the budget that is spent, as a bar and in numbers.
  private func budget(_ width: Int) -> [String] {
    let spent = report.snapshot.chargedCost
    guard let total = report.snapshot.search.budget.evaluations, total > 0 else {
      return wrapped("\(short(spent, 1)) evaluations", width)
    }
    let words = "\(short(spent, 1)) of \(total) evaluations"
    let room = min(30, width - words.count - 3)
    guard room >= 5 else { return wrapped(words, width) }
    let full = Int((min(1, max(0, spent / Double(total))) * Double(room)).rounded(.down))
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: room - full)
    return ["\(bar) \(words)"]
  }

  private var rates: String {
    var parts = ["ran \(duration(report.snapshot.runningTime))"]
    if let rate = timings.candidatesPerHour, rate > 0 {
      parts.append("\(fixed(rate, 0)) candidates per hour")
      if let left = evaluationsLeft, !isOver {
        parts.append("about \(duration(left * 3600 / rate)) left to search")
      }
    }
    return parts.joined(separator: ", ")
  }

  /// Passes that candidates may still spend; nil if the phase or the budget does not tell.
  private var evaluationsLeft: Double? {
    let search = report.snapshot.search
    guard search.phase == .searching, let total = search.budget.evaluations else { return nil }
    return max(0, Double(total) - search.budget.reserve - report.snapshot.chargedCost)
  }

  private var leaders: String {
    var parts: [String] = []
    var gain = ""
    if let best = report.bestObserved, let figure = report.figure(best.id, .search) {
      parts.append("best \(fixed(figure.value, 4)) (\(report.name(best)))")
      if let parent { gain = ", \(signed(figure.value - parent.score, 4))" }
    }
    if let parent {
      parts.append("best parent \(fixed(parent.score, 4)) (\(parent.name))\(gain)")
    }
    return parts.joined(separator: "; ")
  }

  private func course(_ width: Int) -> [String] {
    let progress = report.progress
    guard progress.contains(where: { $0.best != nil }) else { return [] }
    let length = min(60, width - 6)
    return [
      "best  " + sparkline(progress.map(\.bestSoFar), width: length),
      "mean  " + sparkline(progress.map(\.mean), width: length),
    ]
  }

  // MARK: Table

  /// Characters to which names are cut where a column would have to go otherwise.
  private static let shortestName = 6

  /// The scores, with fewer columns and shorter names where there is less room.
  private func table(_ width: Int) -> [String] {
    let splits = BenchmarkSplit.allCases.filter { split in
      report.shown.contains { report.figure($0.candidate.id, split) != nil }
    }
    guard !splits.isEmpty else { return [] }
    for (hasErrors, hasKind) in [(true, true), (false, true), (false, false)] {
      let lines = table(splits, hasErrors: hasErrors, hasKind: hasKind, names: .max)
      if lines.allSatisfy({ $0.count <= width }) { return lines }
    }
    // The search split is the one that changes; it goes last.
    for count in (1...splits.count).reversed() {
      let some = Array(splits.prefix(count))
      let bare = table(some, hasErrors: false, hasKind: false, names: Self.shortestName)
      let spare = width - (bare.map(\.count).max() ?? 0)
      if spare >= 0 {
        return table(
          some, hasErrors: false, hasKind: false, names: Self.shortestName + spare)
      }
    }
    return []
  }

  private func table(
    _ splits: [BenchmarkSplit], hasErrors: Bool, hasKind: Bool, names: Int
  ) -> [String] {
    var table = TextTable(
      header: ["model"] + (hasKind ? ["kind"] : []) + splits.map(\.rawValue),
      wordColumns: hasKind ? 2 : 1)
    for row in report.shown {
      let name = report.name(row.candidate)
      let scores = splits.map { split in
        report.figure(row.candidate.id, split).map { hasErrors ? $0.text : fixed($0.value, 4) }
          ?? "-"
      }
      table.rows.append(
        [name.count <= names ? name : name.prefix(names - 1) + "…"]
          + (hasKind ? [row.kind] : []) + scores)
    }
    return table.lines
  }
}

/// Words in lines of at most `width` characters; a longer word is cut into pieces.
func wrapped(_ text: String, _ width: Int) -> [String] {
  var lines: [String] = []
  for word in text.split(separator: " ") {
    if let last = lines.last, last.count + 1 + word.count <= width {
      lines[lines.count - 1] = "\(last) \(word)"
      continue
    }
    var rest = word
    while rest.count > width {
      lines.append(String(rest.prefix(width)))
      rest = rest.dropFirst(width)
    }
    if !rest.isEmpty { lines.append(String(rest)) }
  }
  return lines
}

import PopulationStore

extension HTMLReport {
  /// Sessions, generations and waves: the one part that differs between equal searches.
  var timeSection: PageSection? {
    guard !timings.sessions.isEmpty else { return nil }
    var blocks: [Block] = [.table(sessionTable)]
    if let plot = wavePlot { blocks.append(.figure(.init(plot))) }
    var words: [String] = []
    let seconds = timings.generations
    if !seconds.isEmpty {
      let mean = seconds.reduce(0, +) / Double(seconds.count)
      words.append(
        "A generation took \(brief(mean)) on average, "
          + "from \(brief(seconds.min() ?? 0)) to \(brief(seconds.max() ?? 0))")
    }
    let waves = timings.waves
    if !waves.isEmpty {
      let total = waves.reduce(0) { $0 + $1.seconds }
      words.append(
        "a wave \(brief(total / Double(waves.count))); "
          + "\(brief(total)) of \(brief(report.snapshot.runningTime)) were spent scoring")
    }
    if let bytes = timings.peakBytes, bytes > 0 {
      words.append("at most \(fixed(bytes / 1e6, 0)) MB of anonymous memory were in use")
    }
    if !words.isEmpty { blocks.append(.paragraph(words.joined(separator: ", ") + ".")) }
    if !timings.figures.isEmpty { blocks.append(.table(figureTable)) }
    if !seconds.isEmpty {
      blocks.append(.details(summary: "Generation by generation", [.table(generationTable)]))
    }
    return PageSection(id: "time", title: "Time", blocks: blocks)
  }

  private var sessionTable: Block.Table {
    var names: [String] = []
    for fact in timings.sessions.flatMap(\.facts) where !names.contains(fact.name) {
      names.append(fact.name)
    }
    var table = Block.Table(
      caption: "Sessions: the start of the search and every time that it was resumed",
      header: ["session and its beginning", "ended"]
        + names.map { $0.replacing("_", with: " ") } + [
          "ran", "waves", "models scored", "candidates per hour",
        ], wordColumns: 2 + names.count)
    for session in timings.sessions {
      table.rows.append(
        .init(
          cells: ["\(session.number): \(timeText(session.began))", session.ending ?? "–"]
            + names.map { name in session.facts.first { $0.name == name }?.value ?? "–" }
            + [
              duration(session.seconds), "\(session.waves)", "\(session.candidates)",
              session.candidatesPerHour.map(grouped) ?? "–",
            ]))
    }
    return table
  }

  private var wavePlot: XYPlot? {
    let waves = timings.waves.filter { $0.isSearching && $0.candidates > 0 }
    guard waves.count > 1 else { return nil }
    let points = waves.map { (x: $0.at / 60, y: $0.seconds / Double($0.candidates)) }
    let values = points.map(\.y)
    var plot = XYPlot(
      title: "Seconds per candidate, wave by wave",
      summary: "\(counted(waves.count, "wave")), from \(fixed(values.min() ?? 0, 2)) to "
        + "\(fixed(values.max() ?? 0, 2)) seconds per candidate",
      xLabel: "minutes of running", yLabel: "seconds per candidate", xOrigin: 0, yOrigin: 0)
    plot.series = [.init(name: "wave", style: .rate, shape: .dots, points: points)]
    return plot
  }

  /// Whatever else the waves tell, such as seconds of merging and of the forward pass.
  private var figureTable: Block.Table {
    var table = Block.Table(
      caption: "Further figures of the waves", header: ["figure", "total", "mean of a wave"])
    table.rows = timings.figures.map { figure in
      .init(cells: [
        figure.name.replacing("_", with: " "), fixed(figure.total, 2),
        fixed(figure.total / Double(figure.waves), 3),
      ])
    }
    return table
  }

  private var generationTable: Block.Table {
    var table = Block.Table(
      caption: "Running seconds of the closed generations, in order",
      header: ["generation", "seconds"])
    table.rows = timings.generations.enumerated().map { index, seconds in
      .init(cells: ["\(index)", fixed(seconds, 1)])
    }
    return table
  }

  /// Seconds with a decimal while they are few.
  private func brief(_ seconds: Double) -> String {
    seconds < 60 ? "\(fixed(seconds, 1)) s" : duration(seconds)
  }
}

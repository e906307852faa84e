public import Diagnostics
import Documents
import Randomness
import Templates

/// A task with its items, split and ready to be scored.
public struct LoadedTask: Sendable {
  public let file: TaskFile
  /// Every file that the items depend on: the task file, its includes, the data.
  public let files: [String]
  /// Whether a teacher-forced pass can prove that greedy decoding scores a hit.
  public let isProvable: Bool
  private let items: [Split: [TaskItem]]

  public var name: String { file.name }

  /// How many responses lm-eval would ask for; one is asked for.
  public var repeats: Int { file.repeats }

  /// Reads the data that the task file names and makes items of all of its rows, with prompts in `style`.
  ///
  /// - Throws: ``Diagnostic`` with file and line for the first row that cannot be an item.
  public static func load(
    _ file: TaskFile, style: PromptStyle = .plain
  ) throws(Diagnostic) -> LoadedTask {
    try load(file, as: file.kind, style: style)
  }

  /// Reads a task file and its data.
  public static func load(
    path: String, style: PromptStyle = .plain
  ) throws(Diagnostic) -> LoadedTask {
    try load(try TaskFile.read(path: path), style: style)
  }

  /// The items of one split, in file order.
  ///
  /// - Throws: ``Diagnostic`` if the split has none.
  public func items(in split: Split) throws(Diagnostic) -> [TaskItem] {
    if let items = items[split], !items.isEmpty { return items }
    throw Diagnostic(
      "task '\(name)' has no items in the split '\(split.rawValue)'", at: file.location("splits"),
      fix: "name a file for this split, or give it a larger fraction of the data")
  }

  /// Number of items of one split, 0 where it has none.
  public func itemCount(in split: Split) -> Int { items[split]?.count ?? 0 }

  /// The task with at most `count` items of a split: the first ones, or with a `seed` a random choice that
  /// depends on the items' ids alone.
  public func limited(to count: Int, in split: Split, seed: UInt64? = nil) -> LoadedTask {
    guard let all = items[split], all.count > count else { return self }
    var chosen = Array(all.indices.prefix(count))
    if let seed {
      let keys = all.map { SplitMix64.output(fnv1a64("\(seed)/\($0.id)".utf8)) }
      chosen = all.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.prefix(count).sorted()
    }
    var items = items
    items[split] = chosen.map { all[$0] }
    return LoadedTask(file: file, files: files, isProvable: isProvable, items: items)
  }

  /// What decoding this task needs when `mode` is asked for: `always` where nothing can be proved, `never` where
  /// no metric reads a text.
  public func decoding(_ mode: DecodeMode) -> DecodeMode {
    guard isProvable else { return .always }
    return file.metrics.allSatisfy { Generation.forcedMetrics.contains($0.name) } ? .never : mode
  }

  /// Whether a metric needs the teacher-forced pass even where every text is decoded.
  public var needsForcedPass: Bool {
    file.kind.declaration.name == Generation.declaration.name
      && file.metrics.contains { Generation.forcedMetrics.contains($0.name) }
  }

  /// The metrics of the task under a way of decoding, in the order of the task file.
  public func metrics(decoding mode: DecodeMode) -> [Metric] {
    file.metrics.compactMap { setting in metric(setting.key, decoding: mode) }
  }

  /// The task's filters, with the names of their metrics and the keys of these.
  public var filters: [(name: String, metrics: [(name: MetricName, key: MetricName)])] {
    file.filters.enumerated().map { position, filter in
      (filter.name, file.metrics.filter { $0.filter == position }.map { ($0.name, $0.key) })
    }
  }

  /// The metric that the task is judged by.
  public func objective(decoding mode: DecodeMode) -> Metric {
    knownMetric(file.objective, decoding: mode)
  }

  /// The metric that the optimizer of a search is told: the objective, or what the search file names.
  public func toldMetric(decoding mode: DecodeMode) -> Metric {
    knownMetric(file.toldMetric, decoding: mode)
  }

  /// What tells more about the objective than it does itself, from the same tokens; nil where nothing does.
  ///
  /// An exact match that a teacher-forced pass decides is one bit of what the pass says.
  public var softObjective: MetricName? {
    let isForced = objective(decoding: .never) == Generation.forcedExactMatch
    return isForced && decoding(file.decode ?? .never) == .never ? "soft_exact_match" : nil
  }

  private func knownMetric(_ key: MetricName, decoding mode: DecodeMode) -> Metric {
    guard let metric = metric(key, decoding: mode) else {
      preconditionFailure("\(name): \(key) is none of its metrics")
    }
    return metric
  }

  private func metric(_ key: MetricName, decoding mode: DecodeMode) -> Metric? {
    guard let name = file.metrics.first(where: { $0.key == key })?.name,
      let metric = file.kind.declaration.metric(name)
    else { return nil }
    let isForced = isProvable && mode == .never && name == "exact_match"
    return isForced
      ? Generation.forcedExactMatch
      : Metric(key, metric.aggregation, higherIsBetter: metric.higherIsBetter)
  }

  private static func load<Kind: TaskKind>(
    _ file: TaskFile, as kind: Kind.Type, style: PromptStyle
  ) throws(Diagnostic) -> LoadedTask {
    var files = file.documents
    let rows = try TaskRows.read(file)
    files += rows.paths
    if let chat = style.chat { files.append(chat.template.path) }
    let columns = columnNames(of: Split.allCases.flatMap { rows.rows[$0] ?? [] })
    var shots: FewShotExamples?
    if let settings = file.fewShot {
      let pool = try fewShotPool(settings, rows)
      if case .files(let paths) = settings.pool { files += paths }
      shots = try FewShotExamples(
        settings, pool: pool, sequences: rows.sequences)
    }
    let kind = try Kind(
      file, columns: columns, prompts: PromptSource(shots: shots, style: style))
    var items: [Split: [TaskItem]] = [:]
    var all: [Kind.Item] = []
    for split in Split.allCases {
      var lines: [[UInt8]: String] = [:]
      var splitItems: [TaskItem] = []
      for row in rows.rows[split] ?? [] {
        let id = try rows.id(of: row)
        if let first = lines.updateValue(row.location, forKey: Array(id.utf8)) {
          throw Diagnostic(
            "the id '\(id)' is also that of \(first)", at: row.location,
            fix: "give every item an id of its own, or name another column as id")
        }
        let item = try kind.item(from: row)
        all.append(item)
        var cluster: String?
        if let column = file.clusterColumn { cluster = try row.label(column) }
        splitItems.append(
          try TaskItem(
            kind, item, row: row, id: id, cluster: cluster, weight: try weight(of: row, file)))
      }
      items[split] = splitItems
    }
    return LoadedTask(
      file: file, files: files, isProvable: kind.isProvable(all), items: items)
  }

  private static func weight(of row: TaskRow, _ file: TaskFile) throws(Diagnostic) -> Double {
    guard let column = file.weightColumn else { return 1 }
    guard let value = row.columns.member(column) else { throw row.missingColumn(column) }
    guard let weight = value.double, weight.isFinite, weight > 0 else {
      throw Diagnostic(
        "the item's weight (column '\(column)') is not a positive number", at: row.location,
        fix: "write a number above 0, such as 1")
    }
    return weight
  }

  private static func fewShotPool(
    _ settings: FewShotSettings, _ evaluated: TaskRows
  ) throws(Diagnostic) -> [TaskRow] {
    switch settings.pool {
    case .searchSplit: return evaluated.rows[.search] ?? []
    case .evaluatedRows: return evaluated.sequences.flatMap { $0 }
    case .files(let paths):
      var rows: [TaskRow] = []
      for path in paths { rows += try TaskRow.read(path: path) }
      return rows
    case .samples(let samples):
      return samples.enumerated().map { index, sample in
        TaskRow(columns: sample, path: settings.location, line: index + 1)
      }
    }
  }
}

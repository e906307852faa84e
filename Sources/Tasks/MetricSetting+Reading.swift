import Diagnostics
import Documents
import Patterns

extension MetricSetting {
  /// The metrics of `metrics` or `metric_list`, else those that are usual for the kind, once for every filter,
  /// and the key of the `objective`, else the first; `wanted` takes the place of the file's.
  static func read(
    _ document: TaskDocument, objective given: TaskOverrides.Objective?,
    kind: TaskKindDeclaration, filters: [String]
  ) throws(Diagnostic) -> (settings: [MetricSetting], objective: MetricName) {
    var settings = try read(document, kind: kind)
    var objective = given
    if objective == nil, let node = try document.value("objective") {
      objective = TaskOverrides.Objective(metric: try node.string(), location: node.location)
    }
    if let objective {
      let wanted = objective.metric.split(separator: ",").first.map(String.init) ?? ""
      if kind.metric(MetricName(rawValue: wanted)) != nil,
        !settings.contains(where: { $0.name.rawValue == wanted })
      {
        settings.append(MetricSetting(name: MetricName(rawValue: wanted)))
      }
    }
    var keyed: [MetricSetting] = []
    for (position, filter) in filters.enumerated() {
      for setting in settings {
        var setting = setting
        setting.filter = position
        if filters.count > 1 { setting.key = MetricName(rawValue: "\(setting.name),\(filter)") }
        keyed.append(setting)
      }
    }
    guard let objective else { return (keyed, keyed[0].key) }
    return (keyed, try key(objective, keyed, kind: kind, filters: filters))
  }

  /// The key that `acc`, `acc,none` and `exact_match,strict-match` stand for.
  private static func key(
    _ objective: TaskOverrides.Objective, _ settings: [MetricSetting], kind: TaskKindDeclaration,
    filters: [String]
  ) throws(Diagnostic) -> MetricName {
    let text = objective.metric
    let found = settings.first { setting in
      let name = setting.name.rawValue
      let filter = filters[setting.filter]
      return text == setting.key.rawValue || text == "\(name),\(filter)"
        || (filters.count == 1 && text == "\(name),none")
    }
    if let found { return found.key }
    let name = filters.count == 1 && text.hasSuffix(",none") ? String(text.dropLast(5)) : text
    if !name.contains(",") { _ = try kind.checkedName(name, at: objective.location) }
    throw unknownName(
      text, noun: "metric of this task", known: settings.map(\.key.rawValue),
      at: objective.location)
  }

  private static func read(
    _ document: TaskDocument, kind: TaskKindDeclaration
  ) throws(Diagnostic) -> [MetricSetting] {
    guard let node = try document.value("metrics", "metric_list") else {
      return kind.standardMetrics.map { MetricSetting(name: $0) }
    }
    var settings: [MetricSetting] = []
    for element in node.elements {
      let setting = try MetricSetting(element, kind: kind)
      if settings.contains(where: { $0.name == setting.name }) {
        throw element.problem("the metric '\(setting.name)' is listed twice", fix: "remove one")
      }
      settings.append(setting)
    }
    guard !settings.isEmpty else {
      throw node.problem(
        "the list of metrics is empty", fix: "name a metric, such as \(kind.metrics[0].name)")
    }
    return settings
  }

  private init(_ node: YAMLNode, kind: TaskKindDeclaration) throws(Diagnostic) {
    guard node.isMapping else {
      self.init(name: try kind.checkedName(try node.string(), at: node.location))
      return
    }
    let mapping = try node.mapping()
    let nameNode = try mapping.required("metric")
    self.init(name: try kind.checkedName(try nameNode.string(), at: nameNode.location))
    guard let metric = kind.metric(name) else { return }
    var known = ["metric", "aggregation", "higher_is_better"]
    if name == "exact_match" {
      known += ["ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore"]
    }
    try mapping.rejectUnknownKeys(known: known, noun: "argument of \(name)")
    if let aggregation = mapping.optional("aggregation"),
      try aggregation.string() != metric.aggregation.rawValue
    {
      throw aggregation.problem(
        "\(name) cannot be aggregated by \(aggregation.kind)",
        fix: "remove the key: it is \(metric.aggregation.rawValue)")
    }
    if let direction = mapping.optional("higher_is_better"),
      try direction.bool() != metric.higherIsBetter
    {
      throw direction.problem(
        "of \(name), \(metric.higherIsBetter ? "more" : "less") is better",
        fix: "remove the key: the metric knows its direction")
    }
    exactMatch.ignoresCase = try mapping.optional("ignore_case")?.bool() ?? false
    exactMatch.ignoresPunctuation = try mapping.optional("ignore_punctuation")?.bool() ?? false
    exactMatch.ignoresNumbers = try mapping.optional("ignore_numbers")?.bool() ?? false
    exactMatch.ignored = try PythonPattern.list(mapping.optional("regexes_to_ignore"))
  }
}

extension TaskKindDeclaration {
  /// A metric of this kind.
  ///
  /// - Throws: ``Diagnostic`` that lists the kind's metrics.
  func checkedName(_ name: String, at location: String) throws(Diagnostic) -> MetricName {
    let known = metrics.map(\.name.rawValue)
    if known.contains(name) { return MetricName(rawValue: name) }
    if unsupportedMetrics.contains(name) {
      throw Diagnostic(
        "the metric '\(name)' is not supported for \(self.name)", at: location,
        fix: "use one of: \(known.joined(separator: ", "))")
    }
    throw unknownName(name, noun: "metric of \(self.name)", known: known, at: location)
  }
}

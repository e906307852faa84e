import Diagnostics
import Documents
import Templates

/// Turns logged samples into the rows and keys of a task file of ours.
struct LogConversion {
  let kind: TaskKindDeclaration
  let configuration: JSONValue?
  let path: String
  /// One per document, in the order of the log.
  let samples: [LoggedSample]
  /// Names of the filters, in the order of the log.
  private let filters: [String]
  private(set) var notes: [String] = []
  /// What stands before every choice.
  private var delimiter = ""
  private var hasOneContextPerChoice = false

  init(
    _ logged: [LoggedSample], configuration: JSONValue?, path: String
  ) throws(Diagnostic) {
    self.configuration = configuration
    self.path = path
    kind = try TaskKinds.kind(named: logged[0].outputType, at: path).declaration
    var seen: Set<[UInt8]> = []
    samples = logged.filter { seen.insert(Array($0.documentID.utf8)).inserted }
    var filters: [String] = []
    for sample in logged where !filters.contains(sample.filter) { filters.append(sample.filter) }
    self.filters = filters
    if let odd = samples.first(where: { $0.outputType != logged[0].outputType }) {
      throw Diagnostic(
        "the sample is of the kind \(odd.outputType), others are of \(logged[0].outputType)",
        at: odd.location, fix: "import the log of one task at a time")
    }
  }

  // MARK: Rows

  mutating func rows() throws(Diagnostic) -> [JSONValue] {
    switch kind.outputType {
    case "multiple_choice": return try choiceRows()
    case "loglikelihood":
      return try map { sample throws(Diagnostic) in
        let pair = try sample.pairs()[0]
        return [
          .init("prompt", .string(pair.context)), .init("answer", .string(pair.continuation)),
        ]
      }
    case "loglikelihood_rolling":
      return try map { sample in [.init("text", sample.requests[0][0])] }
    default: return try generationRows()
    }
  }

  private func map(
    _ members: (LoggedSample) throws(Diagnostic) -> [JSONValue.Member]
  ) throws(Diagnostic) -> [JSONValue] {
    var rows: [JSONValue] = []
    for sample in samples {
      rows.append(.object([.init("id", .string(sample.documentID))] + (try members(sample))))
    }
    return rows
  }

  private func generationRows() throws(Diagnostic) -> [JSONValue] {
    let needsChoices = filterList.contains { $0.text(.compact).contains("multi_choice_regex") }
    return try map { sample throws(Diagnostic) in
      var members: [JSONValue.Member] = [
        .init("prompt", sample.requests[0][0]), .init("answer", try generationTarget(of: sample)),
      ]
      if needsChoices, let choices = sample.document["choices"] {
        members.append(.init("choices", choices))
      }
      return members
    }
  }

  private func generationTarget(of sample: LoggedSample) throws(Diagnostic) -> JSONValue {
    let target = typedTarget(of: sample)
    guard let field = configuration?["doc_to_choice"], !field.isNull else { return target }
    // The target is a position among choices, of which the text counts.
    let content: TaskField.Content =
      switch field {
      case .string(let text): .text(text)
      case .array(let values): .list(values)
      default: .list((field.members ?? []).map(\.value))
      }
    let row = TaskRow(columns: sample.document, path: sample.location, line: 0)
    let choices = try TaskField(content: content, location: "\(path): doc_to_choice")
      .source(columns: columnNames(of: [row])).texts(in: row, noun: "choices")
    guard let index = target.integer ?? target.string.flatMap(Int.init),
      choices.indices.contains(index)
    else {
      throw Diagnostic(
        "the target '\(PythonText.string(target))' is no position among \(choices.count) choices",
        at: sample.location, fix: "correct the log")
    }
    return .string(choices[index])
  }

  /// The target with its type, which the log does not keep: that of its column, or of a Python list.
  private func typedTarget(of sample: LoggedSample) -> JSONValue {
    if let column = configuration?["doc_to_target"]?.string, let value = sample.document[column] {
      return value
    }
    guard case .string(let text) = sample.target, text.hasPrefix("["), text.hasSuffix("]") else {
      return sample.target
    }
    return Template.literal(text) ?? sample.target
  }

  // MARK: Choices

  private mutating func choiceRows() throws(Diagnostic) -> [JSONValue] {
    var pairs: [[(context: String, continuation: String)]] = []
    for sample in samples { pairs.append(try sample.pairs()) }
    hasOneContextPerChoice = pairs.allSatisfy { pairs in
      pairs.contains { $0.context != pairs[0].context }
        && pairs.allSatisfy { $0.continuation == pairs[0].continuation }
    }
    let wanted = configuration?["target_delimiter"]?.string ?? " "
    let hasDelimiter = pairs.joined().allSatisfy {
      $0.continuation.utf8.starts(with: wanted.utf8)
    }
    delimiter = hasDelimiter ? wanted : ""
    var position = 0
    let golds = try golds(pairs)
    let delimiter = delimiter
    let hasOneContextPerChoice = hasOneContextPerChoice
    return try map { sample in
      defer { position += 1 }
      let texts = pairs[position].map { pair in
        String(decoding: pair.continuation.utf8.dropFirst(delimiter.utf8.count), as: UTF8.self)
      }
      if hasOneContextPerChoice {
        return [
          .init("prompt", golds[position]),
          .init("choices", .array(pairs[position].map { .string($0.context) })),
          .init("answer", .string(texts[0])),
        ]
      }
      return [
        .init("prompt", .string(pairs[position][0].context)),
        .init("choices", .array(texts.map(JSONValue.string))), .init("answer", golds[position]),
      ]
    }
  }

  /// The right choices: positions, by the reading of the targets that agrees with the accuracies in the log.
  private func golds(
    _ pairs: [[(context: String, continuation: String)]]
  ) throws(Diagnostic) -> [JSONValue] {
    if hasOneContextPerChoice { return try goldsFromAccuracy(pairs) }
    var failure: (position: Int, target: JSONValue)?
    for readsDigits in [true, false] {
      var golds: [JSONValue] = []
      for (position, sample) in samples.enumerated() {
        let choices = pairs[position].map { pair in
          String(decoding: pair.continuation.utf8.dropFirst(delimiter.utf8.count), as: UTF8.self)
        }
        let target = typedTarget(of: sample)
        guard let gold = gold(target, choices, readsDigits: readsDigits),
          agrees(gold, sample, choices.count)
        else {
          failure = failure ?? (position, target)
          break
        }
        golds.append(gold)
      }
      if golds.count == samples.count { return golds }
    }
    let (position, target) = failure ?? (0, .null)
    throw Diagnostic(
      "the target '\(PythonText.string(target))' does not tell the right choice",
      at: samples[position].location,
      fix: "write the position of the right choice as 'target', counted from 0")
  }

  private func gold(
    _ target: JSONValue, _ choices: [String], readsDigits: Bool
  ) -> JSONValue? {
    switch target {
    case .array(let values):
      let golds = values.compactMap { gold($0, choices, readsDigits: readsDigits) }
      return golds.count == values.count && !golds.isEmpty ? .array(golds) : nil
    case .string(let text):
      if readsDigits, let index = Int(text) {
        return choices.indices.contains(index) ? JSONValue(index) : nil
      }
      return choices.firstIndex { $0.utf8.elementsEqual(text.utf8) }.map { JSONValue($0) }
    default:
      guard let index = target.integer ?? target.bool.map({ $0 ? 1 : 0 }) else { return nil }
      return choices.indices.contains(index) ? JSONValue(index) : nil
    }
  }

  private func agrees(_ gold: JSONValue, _ sample: LoggedSample, _ count: Int) -> Bool {
    guard let accuracy = sample.line["acc"]?.double, let nats = sample.logLikelihoods(count) else {
      return true
    }
    let golds = gold.array?.compactMap(\.integer) ?? [gold.integer ?? -1]
    return golds.contains(firstMaximum(nats)) == (accuracy > 0.5)
  }

  /// Where the choices are the questions the log does not name the right one.
  private func goldsFromAccuracy(
    _ pairs: [[(context: String, continuation: String)]]
  ) throws(Diagnostic) -> [JSONValue] {
    var golds: [JSONValue] = []
    for (sample, pairs) in zip(samples, pairs) {
      guard let accuracy = sample.line["acc"]?.double,
        let nats = sample.logLikelihoods(pairs.count), accuracy > 0.5 || pairs.count == 2
      else {
        throw Diagnostic(
          "the log does not tell the right one of \(pairs.count) contexts", at: sample.location,
          fix: "log the metric acc; of more than two contexts the right one is not known")
      }
      let best = firstMaximum(nats)
      golds.append(JSONValue(accuracy > 0.5 ? best : 1 - best))
    }
    return golds
  }

  // MARK: Task file

  private var filterList: [JSONValue] { configuration?["filter_list"]?.array ?? [] }

  mutating func yaml(name: String) throws(Diagnostic) -> String {
    var lines = [
      "# Imported from \(path.split(separator: "/").last ?? ""), a log of lm_eval.",
      "task: \(JSONValue.string(name).text(.compact))", "kind: \(kind.name)",
      "data: \(JSONValue.string(name + ".jsonl").text(.compact))", "id: id",
    ]
    switch kind.outputType {
    case "multiple_choice": lines.append("delimiter: \(JSONValue.string(delimiter).text(.compact))")
    case "generate_until":
      lines += try generationLines()
      if !filterList.isEmpty {
        lines.append("filter_list: \(JSONValue.array(filterList).text(.compact))")
      } else if filters.count > 1 {
        throw Diagnostic(
          "the log has \(filters.count) filters, but the results_*.json that describes them is missing",
          at: path, fix: "put the results file of the same run beside the log")
      }
    default: break
    }
    lines.append("metric_list: \(JSONValue.array(try metrics()).text(.compact))")
    return lines.joined(separator: "\n") + "\n"
  }

  private func generationLines() throws(Diagnostic) -> [String] {
    let arguments = samples[0].requests[0][1]
    if let other = samples.first(where: { $0.requests[0][1] != arguments }) {
      throw Diagnostic(
        "the sample has other generation arguments than the first", at: other.location,
        fix: "import the samples with equal arguments")
    }
    let logged = samples[0].line["resps"]?.array?.first?.array?.count ?? 1
    return ["generation_kwargs: \(arguments.text(.compact))", "repeats: \(max(1, logged))"]
  }

  /// The task's metrics with their arguments, without those that this program does not have.
  private mutating func metrics() throws(Diagnostic) -> [JSONValue] {
    let logged =
      configuration?["metric_list"]?.array
      ?? samples[0].metrics.map { .object([.init("metric", .string($0))]) }
    var kept: [JSONValue] = []
    for metric in logged {
      let name = metric["metric"]?.string ?? ""
      let dependsOnChoices = ["acc_norm", "acc_bytes"].contains(name) && hasOneContextPerChoice
      if kind.metric(MetricName(rawValue: name)) == nil || dependsOnChoices {
        notes.append("the metric '\(name)' is left out: it is not supported for this task")
      } else {
        kept.append(metric)
      }
    }
    guard !kept.isEmpty else {
      throw Diagnostic(
        "none of the task's metrics is supported: "
          + logged.compactMap { $0["metric"]?.string }.joined(separator: ", "),
        at: path,
        fix: "log one of: \(kind.metrics.map(\.name.rawValue).joined(separator: ", "))")
    }
    return kept
  }
}

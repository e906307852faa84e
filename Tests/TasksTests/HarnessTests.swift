import Diagnostics
import Documents
import Tasks
import Templates
import Testing

/// Task files as lm-evaluation-harness 0.4.13 reads them, without a model.
///
/// Written by `Benchmarks/parity/tasks.py`.
@Suite("Task files of lm-eval") struct HarnessTests {
  static let cases: [JSONValue] = {
    let path = String(#filePath.dropLast("HarnessTests.swift".count)) + "Golden/harness.jsonl"
    return ((try? JSONLines.read(path: path))?.rows ?? []).map(\.value)
  }()

  static let names = cases.compactMap { $0["name"]?.string }

  @Test("ask the same, find the same answers and score the same", arguments: names)
  func agree(name: String) throws {
    let golden = try #require(Self.cases.first { $0["name"]?.string == name })
    try TaskFixture.use { fixture in
      let file = name.split(separator: " ")[0]
      for (file, rows) in [(file, golden["rows"]), ("train", Self.cases[0]["train"])] {
        let lines = (rows?.array ?? []).map { $0.text(.ascii) }
        try fixture.write("\(file).jsonl", lines.joined(separator: "\n"))
      }
      let yaml = try #require(golden["yaml"]?.string)
      try fixture.write("task.yaml", yaml + "splits: {search: 1}\n")
      let task = try LoadedTask.load(
        path: fixture.path("task.yaml"), style: try Self.style(golden["chat"]))
      let items = try task.items(in: .search)
      let expected = try #require(golden["items"]?.array)
      #expect(items.count == expected.count)
      var values: [MetricName: [ItemValue]] = [:]
      for (index, (item, expected)) in zip(items, expected).enumerated() {
        #expect(item.requests.map(Self.arguments) == expected["requests"]?.array, "\(index)")
        let text = golden["texts"]?.array?[index].string
        let responses = item.requests.map { Self.response(to: $0, text: text) }
        let answers = expected["filtered"]?.members?.map(\.value.string) ?? []
        #expect(item.answers(responses) == answers.compactMap { $0 })
        for (key, value) in item.measure(responses) {
          values[key, default: []].append(value)
          let expected = expected["metrics"]?[Self.key(key, task)]
          #expect(Self.agrees(value, expected, key), "\(index) \(key)")
        }
      }
      for metric in task.metrics(decoding: .always) {
        let score = metric.score(try #require(values[metric.name]))
        let expected = try #require(golden["scores"]?[Self.key(metric.name, task)])
        let figure = try #require(expected["value"]?.double)
        #expect(abs(score.value - figure) < 1e-12 * max(1, figure), "\(metric.name)")
        if let error = expected["stderr"]?.double {
          #expect(abs((score.standardError ?? -1) - error) < 1e-12, "\(metric.name)")
        }
      }
    }
  }

  private static func style(_ chat: JSONValue?) throws -> PromptStyle {
    guard let chat else { return .plain }
    let template = try ChatTemplate(
      try #require(chat["template"]?.string),
      specialTokens: [.init("bos_token", .string("<s>")), .init("eos_token", .string("</s>"))],
      path: "chat_template.jinja")
    let isMultiturn = try #require(chat["multiturn"]).bool == true
    return PromptStyle(
      system: chat["system"]?.string ?? "",
      chat: PromptStyle.Chat(template: template, hasTurnPerExample: isMultiturn))
  }

  /// lm-eval's key has the filter's name always, ours where there are several.
  private static func key(_ key: MetricName, _ task: LoadedTask) -> String {
    let filter = task.filters.first { $0.metrics.contains { $0.key == key } }?.name ?? ""
    return key.rawValue.contains(",") ? key.rawValue : "\(key.rawValue),\(filter)"
  }

  /// Pairs of lm-eval's `f1` are positions, of which ours has counted the hits.
  private static func agrees(_ value: ItemValue, _ expected: JSONValue?, _ key: MetricName) -> Bool
  {
    if key == "f1" { return true }
    if case .ratio(let numerator, let denominator) = value {
      return expected?.array?.map(\.double) == [numerator, denominator]
    }
    return expected?.double == value.numerator
  }

  private static func arguments(_ request: ModelRequest) -> JSONValue {
    switch request {
    case .logLikelihood(let context, let continuation):
      .array([.string(context), .string(continuation)])
    case .rolling(let text): .array([.string(text)])
    case .generation(let context, let stops, let limit, _):
      .array([.string(context), generationArguments(stops, limit)])
    }
  }

  /// Compared apart from what has no effect.
  private static func generationArguments(_ stops: [String], _ limit: Int) -> JSONValue {
    .object([
      .init("until", .array(stops.map(JSONValue.string))), .init("max_gen_toks", JSONValue(limit)),
    ])
  }

  /// The made-up log-likelihoods of the script.
  private static func response(to request: ModelRequest, text: String?) -> ModelResponse {
    switch request {
    case .logLikelihood(let context, let continuation):
      let length = continuation.unicodeScalars.count
      return .logLikelihood(
        nats: nats(context, continuation), tokens: 1, isGreedy: length % 2 == 0)
    case .rolling(let text): return .rolling(nats: nats("", text), tokens: 1)
    case .generation: return .generation(text: text ?? "")
    }
  }

  private static func nats(_ context: String, _ continuation: String) -> Double {
    let scalars = continuation.unicodeScalars
    let sum = scalars.reduce(context.unicodeScalars.count * 7) { $0 + Int($1.value) }
    return -0.25 * Double(scalars.count) - 0.125 * Double(sum % 23)
  }
}

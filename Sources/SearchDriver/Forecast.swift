import Architectures
import Checkpoints
import Diagnostics
import Documents
import Evaluation
import Foundation
import Inference
import MergeEngine
import Tensors
import Kernels
import Optimizers
import PopulationStore
import SearchSpaces
import Tasks

/// What a search will do and cost, before it starts.
public struct Forecast: Sendable {
  /// Lines of the forecast: a name and a text each.
  public let lines: [(name: String, text: String)]
  /// Names and numbers for scripts.
  private let figures: [(name: String, value: JSONValue)]

  /// The forecast as a block of text.
  public var text: String {
    let width = lines.map(\.name.count).max() ?? 0
    return lines.map { "\($0.name.padded(to: width))  \($0.text)" }.joined(separator: "\n")
  }

  /// The forecast as a JSON object.
  public var json: String {
    JSONValue.object(figures.map { JSONValue.Member($0.name, $0.value) }).text(.indented)
  }

  /// What can be said before a search that is scored elsewhere.
  init(_ inputs: OutsideInputs) {
    lines = inputs.summary.map { ($0.name, $0.text) }
    figures = inputs.summary.map { ($0.name, .string($0.text)) }
  }

  /// Times a few tokens of the base model to estimate the speed; the rest is counted.
  init(_ inputs: SearchInputs) throws {
    let plan = try inputs.plan()
    let optimizer = try inputs.makeOptimizer(seed: inputs.configuration.seed, start: nil)
    let configuration = inputs.configuration
    let searchTokens = inputs.prepared.search.requestedTokens
    let computed = inputs.prepared.search.forestTokens
    let speed = try SpeedProbe(inputs)
    let seconds = speed.seconds(tokens: computed)
    let budget = configuration.evaluations.map(inputs.budget(evaluations:))
    let generations = budget.map { budget in
      PlanSettings.candidates(
        of: budget.evaluations ?? 0, inputs.settings.finalistCost, inputs.settings.blocks)
        / max(1, plan.population)
    }
    let parameters = inputs.base.configuration.weights.reduce(0) {
      $0 + $1.shape.elementCount
    }
    let modelBytes = inputs.family.reduce(0) { sum, model in
      model.checkpoint.files.reduce(sum) { $0 + $1.byteCount }
    }
    let manner = inputs.searchManner
    let wave = try inputs.waveSize(of: plan.population, manner)
    let waves = (plan.population + wave - 1) / wave
    let parts = try inputs.wave(manner, count: wave).parts

    var lines: [(name: String, text: String)] = []
    var figures: [(name: String, value: JSONValue)] = []
    func add(_ name: String, _ text: String) { lines.append((name, text)) }
    func add(_ name: String, _ number: Int) { figures.append((name, .number("\(number)"))) }
    func add(_ name: String, _ number: Double) {
      figures.append((name, .number("\(number.isFinite ? number : 0)")))
    }

    add(
      "models",
      "\(inputs.base.configuration.architecture.modelType), \(grouped(parameters)) parameters; "
        + "\(inputs.hasBase ? "base, " : "")\(inputs.experts.count) experts")
    add("parameters", parameters)
    add("experts", inputs.experts.count)
    let counts = Split.allCases.map { split in
      inputs.tasks.reduce(0) { $0 + $1.itemCount(in: split) }
    }
    add(
      "tasks",
      "\(inputs.tasks.map(\.name).joined(separator: ", ")); \(counts[0]) search, "
        + "\(counts[1]) validation, \(counts[2]) test items")
    for (split, count) in zip(Split.allCases, counts) { add("\(split.rawValue)_items", count) }
    let told = inputs.prepared.search.tasks.map { ($0.task.name, $0.objective.name.rawValue) }
    add(
      "told",
      told.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        + (configuration.aggregate == .worst ? "; the worst of them" : "; their weighted mean"))
    figures.append(("told", .object(told.map { JSONValue.Member($0.0, .string($0.1)) })))
    figures.append(("aggregate", .string(configuration.aggregate.rawValue)))
    add("space", "\(inputs.mergeSpace.describe)")
    add("dimension", inputs.mergeSpace.space.parameters.count)
    for decision in optimizer.decisions {
      let parts = decision.split(separator: ":", maxSplits: 1).map(String.init)
      add(parts[0], parts.count > 1 ? String(parts[1].dropFirst()) : "")
    }
    figures.append(("algorithm", .string(plan.algorithm)))
    add("population", plan.population)
    if let budget, let evaluations = budget.evaluations, let generations {
      add(
        "budget",
        "\(evaluations) passes over the search split, \(fixed(budget.reserve, 1)) of them kept for "
          + "finalists; \(generations) generations")
      add("evaluations", evaluations)
      add("reserve", budget.reserve)
      add("generations", generations)
      if generations < 10 {
        add("warning", "fewer than 10 generations: raise 'evaluations' or search fewer dimensions")
      }
    }
    let controls =
      configuration.control == nil
      ? 0
      : (budget.map { budget in
        Int(Double(budget.evaluations ?? 0) - budget.reserve)
      } ?? 0)
    if configuration.control != nil {
      add(
        "control",
        "as many random candidates as the search pays for\(budget == nil ? "" : ", at most \(controls)"), "
          + "scored when it has ended; not charged to 'evaluations'"
          + (configuration.timeLimit == nil ? "" : ", and not under the time limit"))
      add("controls", controls)
    }
    if let limit = configuration.timeLimit {
      add("time limit", "\(span(limit)); the number of evaluations follows from the baselines")
      add("time_limit_seconds", limit)
    }
    add(
      "pass",
      "\(grouped(searchTokens)) tokens asked for, \(grouped(computed)) computed; about "
        + "\(fixed(seconds, 2)) s, \(grouped(Int(3600 / max(seconds, 1e-9)))) candidates/h "
        + "(estimate from \(speed.measuredTokens) tokens)")
    add("requested_tokens", searchTokens)
    add("computed_tokens", computed)
    add("seconds_per_candidate", seconds)
    add("candidates_per_hour", 3600 / max(seconds, 1e-9))
    if let budget, let evaluations = budget.evaluations {
      let baselines = Double(inputs.family.count + inputs.simpleMerges.count)
      let total = seconds * (Double(evaluations + controls) + 3 * baselines)
      add("duration", "about \(span(total)) for baselines, search and verdict")
      add("seconds", total)
    }
    add(
      "precision",
      "\(inputs.engine.precision.rawValue) on the search split, f32 on validation and test")
    figures.append(("precision", .string(inputs.engine.precision.rawValue)))
    let seeing = inputs.settings.blocks
    add(
      "racing",
      plan.racing
        ? "\(seeing?.count ?? 1) blocks of items; who is behind the \(optimizer.parentCount) best of a "
          + "generation after one of them stops" : "off")
    figures.append(("racing", .bool(plan.racing)))
    if let subset = seeing?.subset {
      add(
        "subset",
        "\(fixed(100 * subset, 0)) % of the tokens, a quarter of them new in each generation; finalists see "
          + "all items")
      add("subset", subset)
    }
    for task in inputs.prepared.search.tasks {
      add(
        "prefixes",
        "\(task.task.name): \(grouped(task.requestedTokens)) tokens asked for, "
          + "\(grouped(task.computedTokens)) computed, \(fixed(100 * task.savedShare, 0)) % saved")
    }
    figures.append(
      (
        "saved_shares",
        .object(
          inputs.prepared.search.tasks.map {
            JSONValue.Member($0.task.name, JSONValue($0.savedShare))
          })
      ))
    let passes = waves * parts
    let megabytes = { (bytes: Int) in grouped(bytes / 1_000_000) }
    add(
      "memory",
      "at most \(megabytes(inputs.memory)) MB of anonymous memory, of which statistics "
        + "\(megabytes(inputs.statistics.limit)), requests and models \(megabytes(inputs.heldMemory))"
    )
    let blocks = parts > 1 ? " in \(parts) blocks of items" : ""
    add(
      "waves",
      "\(waves) of up to \(wave) candidates a generation\(blocks), for which "
        + "\(megabytes(passes * modelBytes)) MB of weights are read")
    add("memory_bytes", inputs.memory)
    add(
      "statistics",
      "at most \(grouped(inputs.statistics.limit / 1_000_000)) MB of it for what candidates share: norms, "
        + "histograms and masks of the models' tensors")
    add("statistics_bytes", inputs.statistics.limit)
    add("waves", waves)
    add("item_blocks", parts)
    add("bytes_read_per_generation", passes * modelBytes)
    add(
      "at risk",
      "a kill loses at most one wave of \(wave) candidates, about \(span(seconds * Double(wave)))")
    add("minutes_at_risk", seconds * Double(wave) / 60)
    let storeBytes = inputs.estimatedStoreBytes(
      evaluations: (budget?.evaluations ?? 0) + controls)
    add(
      "store", "\(configuration.store), about \(grouped(storeBytes / 1_000_000 + 1)) MB at the end")
    add("store_bytes", storeBytes)
    for warning in inputs.warnings { add("warning", warning) }
    figures.append(("warnings", .array(inputs.warnings.map { .string($0) })))
    self.lines = lines
    self.figures = figures
  }
}

/// The speed of the forward pass on this machine: seconds for reading all weights, and per token.
struct SpeedProbe {
  let measuredTokens: Int
  private let fixedSeconds: Double
  private let secondsPerToken: Double

  /// Multiply-adds of the longer measurement: a second or two.
  private static let work = 400_000_000_000
  /// The most tokens of it, enough for a small model.
  private static let mostTokens = 2048

  /// Scores short sequences with the base model, fewer the larger it is, but at least a block for every worker.
  init(_ inputs: SearchInputs) throws {
    let parameters = inputs.base.configuration.weights.reduce(1) { $0 + $1.shape.elementCount }
    let least = 64 * inputs.pool.threads
    let tokens = max(2 * least, min(Self.mostTokens, Self.work / parameters))
    let length = min(256, max(least, tokens / 8), inputs.base.configuration.maximumPositions)
    let few = max(1, max(least, tokens / 8) / length)
    let many = max(few + 1, tokens / length)
    func seconds(sequences: Int) throws -> Double {
      var forest = TokenForest()
      for sequence in 0..<sequences {
        let tokens = (0..<length).map {
          ($0 * 7 + sequence * 13 + 1) % inputs.base.configuration.vocabularySize
        }
        _ = forest.insert(tokens, scoring: length - 1..<length)
      }
      let clock = ContinuousClock()
      let began = clock.now
      _ = try inputs.engine.score(
        forest, sources: [inputs.base.checkpoint], memory: inputs.forwardMemory)
      return began.duration(to: clock.now) / .seconds(1)
    }
    _ = try seconds(sequences: few)
    let short = try seconds(sequences: few)
    let long = try seconds(sequences: many)
    measuredTokens = many * length
    secondsPerToken = max(1e-9, (long - short) / Double((many - few) * length))
    fixedSeconds = max(0, short - secondsPerToken * Double(few * length))
  }

  func seconds(tokens: Int) -> Double { fixedSeconds + secondsPerToken * Double(tokens) }
}

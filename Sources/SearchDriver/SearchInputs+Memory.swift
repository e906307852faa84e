import Architectures
import Checkpoints
import Diagnostics
import Evaluation
import Inference
import MergeEngine
import PopulationStore
import SearchSpaces
import Tasks

extension SearchInputs {
  /// What is left for the forward pass: of the memory that is allowed neither what stays nor what the statistics
  /// of the models' tensors may take.
  var forwardMemory: Int { max(0, memory - statistics.limit - heldMemory) }

  /// Candidates of `count` that are scored together in one manner: as many as fit into memory, at most 16, in
  /// waves of nearly equal size.
  ///
  /// Only commits depend on it, never a result. Where texts are decoded, every candidate is a wave.
  func waveSize(of count: Int, _ manner: ScoringManner) throws -> Int {
    try waveSize(of: count, manner, on: prepared[manner])
  }

  /// The same for a part of the items.
  func waveSize(
    of count: Int, _ manner: ScoringManner, on prepared: PreparedEvaluation
  ) throws -> Int {
    guard count > 1, !prepared.mayDecode else { return 1 }
    let most = try evaluator(manner).forecast(
      prepared, source: base.checkpoint, count: min(count, 16), memory: forwardMemory
    ).sources
    let waves = (count + most - 1) / most
    return (count + waves - 1) / waves
  }

  /// How a wave of at most `count` candidates is cut to fit into memory.
  func wave(
    _ manner: ScoringManner, count: Int
  ) throws -> (sources: Int, parts: Int, bytes: Int) {
    try evaluator(manner).forecast(
      prepared[manner], source: base.checkpoint, count: count, memory: forwardMemory)
  }

  /// What does not fit into memory, however the work is cut.
  func memoryProblems() throws -> [Diagnostic] {
    let location = "\(configuration.file): evaluation.memory"
    let held = statistics.limit + heldMemory
    func problem(_ what: String, takes bytes: Int, otherwise: String) -> Diagnostic {
      // A quarter of what is allowed goes to statistics.
      let needed = (bytes + heldMemory) / 3 * 4
      return Diagnostic(
        "\(what) takes \(megabytes(bytes)), and of the \(megabytes(memory)) that are allowed "
          + "\(megabytes(held)) are held by statistics and requests",
        at: location, fix: "allow at least \(megabytes(needed))\(otherwise)")
    }
    var problems: [Diagnostic] = []
    let least = try judgingManners.map { try wave($0, count: 1).bytes }.max() ?? 0
    if least > forwardMemory {
      problems.append(problem("the forward pass", takes: least, otherwise: ""))
    }
    for manner in judgingManners where prepared[manner].mayDecode {
      let bytes = try evaluator(manner).engine.decodingByteCount(
        of: base.checkpoint, length: prepared[manner].longestDecodedText)
      guard bytes > forwardMemory else { continue }
      problems.append(
        problem(
          "decoding texts of the \(manner.split.rawValue) split keeps a merged model in memory and",
          takes: bytes, otherwise: ", or say 'decode: never' in the task files"))
      break
    }
    return problems
  }

  /// The manners in which a search scores.
  private var judgingManners: [ScoringManner] {
    [searchManner]
      + BenchmarkSplit.allCases.map {
        ScoringManner(split: $0, precision: Precision.f32.rawValue, decode: .unproved)
      }
  }

  /// How the optimizer's scores are made.
  var searchManner: ScoringManner {
    ScoringManner(split: .search, precision: engine.precision.rawValue, decode: .never)
  }

  /// Who scores in a manner.
  func evaluator(_ manner: ScoringManner) -> Evaluator {
    manner.precision == engine.precision.rawValue ? evaluator : judge
  }

  private func megabytes(_ bytes: Int) -> String { "\(grouped((bytes + 999_999) / 1_000_000)) MB" }

  /// Size of the store at the end: items in columns, and a recipe per candidate.
  func estimatedStoreBytes(evaluations: Int) -> Int {
    let items = Split.allCases.map { split in
      tasks.reduce(0) { $0 + $1.itemCount(in: split) }
    }
    let perCandidate = items[0] * 12 + 4_000
    let judged = family.count + simpleMerges.count + settings.finalistCost.made
    return evaluations * perCandidate + judged * items.reduce(0, +) * 60 + 200_000
  }

  /// What people should think about before they start.
  var warnings: [String] {
    var warnings: [String] = []
    let tests = tasks.reduce(0) { $0 + $1.itemCount(in: .test) }
    if tests < 100 {
      warnings.append("only \(tests) test items: the verdict's interval will be wide")
    }
    for task in tasks where PublicBenchmarks.contains(task.name) {
      warnings.append(
        "task '\(task.name)' has the name of a public benchmark: a search on its test questions proves "
          + "nothing; use its training split (and call the task '\(task.name)_train')")
    }
    return warnings
  }
}

import Diagnostics
import Evaluation
import Foundation
import Optimizers
import PopulationStore
import Tasks

/// A generation scored block by block, with looks between the blocks at which candidates stop.
///
/// Which items a block has was fixed before the first generation; what a look decides is a function of the
/// stored results of the blocks before it. So waves, threads and stops of the program change nothing.
extension SearchRun {
  /// Scores a generation's own candidates on the items that it sees.
  ///
  /// `stop` is called before every wave and ends the scoring by throwing, `committed` after every wave with
  /// the number of candidates that are settled or as good as scored.
  func scoreBlocks(
    _ candidates: [Candidate], of generation: Generation, _ settings: BlockSettings, parents: Int,
    _ manner: ScoringManner, stop: () throws -> Void, committed: (Int) throws -> Void
  ) throws {
    let course = try blockCourse(of: generation, settings, manner)
    let ids = candidates.map(\.id)
    var step = 0
    while step < settings.count {
      let runners = try ids.map { try store.candidate($0) }.filter { $0.hasReached(step) }
      // When nobody can stop any more, what is left is one pass over the sources.
      let isDecided = !settings.races || runners.count <= parents
      let steps = isDecided ? step..<settings.count : step..<step + 1
      try score(
        runners, steps, in: course, stop: stop,
        committed: { done in
          let ahead = Double(runners.count * step + done * steps.count) / Double(settings.count)
          try committed(ids.count - runners.count + Int(ahead))
        })
      step = steps.upperBound
      if step < settings.count { try look(ids, after: step - 1, parents, in: course) }
    }
  }

  /// What the scoring of one generation shares.
  final class BlockCourse {
    let settings: BlockSettings
    let manner: ScoringManner
    let blocks: ItemBlocks
    let generation: Int
    /// The baselines on the subset of the generation; empty without subsets.
    let controls: [SubsetControl]
    private let evaluator: Evaluator
    private var prepared: [Range<Int>: PreparedEvaluation] = [:]

    init(
      _ settings: BlockSettings, _ manner: ScoringManner, _ blocks: ItemBlocks, generation: Int,
      controls: [SubsetControl], evaluator: Evaluator
    ) {
      self.settings = settings
      self.manner = manner
      self.blocks = blocks
      self.generation = generation
      self.controls = controls
      self.evaluator = evaluator
    }

    /// By task the positions of the items of some blocks.
    func positions(_ steps: Range<Int>) -> [[Int]] {
      blocks.positions(in: steps, generation: generation)
    }

    /// The requests of some blocks.
    func requests(_ steps: Range<Int>) throws -> PreparedEvaluation {
      if let known = prepared[steps] { return known }
      let made = try evaluator.prepare(
        [.search], standard: .never, tellsOptimizer: true, items: positions(steps))
      prepared[steps] = made
      return made
    }
  }

  private func blockCourse(
    of generation: Generation, _ settings: BlockSettings, _ manner: ScoringManner
  ) throws -> BlockCourse {
    // Without subsets every generation has the same course.
    if settings.subset == nil, let known = knownCourse { return known }
    let blocks = ItemBlocks(
      try store.benchmarks(), tasks: try inputs.searchClusters(), share: settings.subset,
      seed: inputs.configuration.seed)
    var controls: [SubsetControl] = []
    if settings.subset != nil {
      let seen = blocks.positions(in: 0..<settings.count, generation: generation.number)
      controls = try baselines(manner).map { baseline in
        let part = baseline.items.restricted(to: seen)
        return SubsetControl(
          items: part,
          seenScore: try inputs.evaluation(
            baseline.key, of: part, manner, itemWeights: blocks.weights
          ).score, fullScore: baseline.score)
      }
    }
    let course = BlockCourse(
      settings, manner, blocks, generation: generation.number, controls: controls,
      evaluator: inputs.evaluator)
    knownCourse = course
    return course
  }

  // MARK: Scoring

  /// Scores candidates on what they lack of the blocks `steps`, wave by wave.
  ///
  /// Who has the last block has its evaluation.
  private func score(
    _ runners: [Candidate], _ steps: Range<Int>, in course: BlockCourse, stop: () throws -> Void,
    committed: (Int) throws -> Void
  ) throws {
    let manner = course.manner
    let lacking = try runners.filter { $0.status == .pending }.map { candidate in
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      let known = try store.scoredBlocks(key)
      // Blocks come in order, so what is known is the first of them.
      let first = steps.first { !known.contains($0) } ?? steps.upperBound
      return (candidate: candidate, steps: first..<steps.upperBound)
    }.filter { !$0.steps.isEmpty }
    var done = runners.count - lacking.count
    try committed(done)
    var left = lacking[...]
    while let first = left.first {
      let requests = try course.requests(first.steps)
      let alike = left.prefix { $0.steps == first.steps }
      let size = try inputs.waveSize(of: alike.count, manner, on: requests)
      let entries = alike.prefix(size).map {
        (candidate: $0.candidate, maskSeed: inputs.maskSeed(of: $0.candidate))
      }
      left = left.dropFirst(entries.count)
      let share =
        Double(requests.requestedTokens) / Double(max(1, inputs.prepared[manner].requestedTokens))
      try commitWave(manner, passes: share * Double(entries.count), stop: stop) {
        let results = try inputs.evaluate(entries, manner, on: requests)
        return try wave(of: entries, results, first.steps, in: course)
      }
      done += entries.count
      try committed(done)
    }
  }

  private func wave(
    of entries: [Entry], _ results: [Result<ModelEvaluation, Diagnostic>], _ steps: Range<Int>,
    in course: BlockCourse
  ) throws -> Wave {
    var wave = Wave()
    for (entry, result) in zip(entries, results) {
      let id = entry.candidate.id
      let key = course.manner.key(id, maskSeed: entry.maskSeed)
      switch result {
      case .failure(let reason):
        wave.statuses[id] = .failed(reason.description)
      case .success(let evaluation):
        let asked = course.positions(steps)
        let scored = steps.flatMap { step in
          inputs.blocks(
            of: evaluation, key, number: step, asked: asked,
            wanted: course.positions(step..<step + 1))
        }
        wave.blocks += scored
        guard steps.upperBound == course.settings.count else { continue }
        let seen = try inputs.seen(try store.itemBlocks(key) + scored, course.manner)
        do {
          let partial = try generationEvaluation(key, of: seen, in: course)
          if course.settings.subset != nil { wave.told[id] = partial.score }
          wave.evaluations.append(partial)
          wave.statuses[id] = .scored
        } catch let problem as Diagnostic {
          wave.statuses[id] = .failed(problem.description)
        }
      }
    }
    return wave
  }

  /// The evaluation over all that a generation sees; on a subset its score is the estimate of the full one.
  private func generationEvaluation(
    _ key: EvaluationKey, of seen: SeenItems, in course: BlockCourse
  ) throws -> Evaluation {
    var evaluation = try inputs.evaluation(
      key, of: seen, course.manner, itemWeights: course.blocks.weights)
    if course.settings.subset != nil {
      evaluation.score = try inputs.estimate(
        evaluation.score, of: seen, course.manner, itemWeights: course.blocks.weights,
        course.controls)
    }
    return evaluation
  }

  // MARK: Looking

  /// Stops who is behind after all have seen the blocks up to `step`.
  ///
  /// Candidates that stopped at this very look before the program was stopped take part again, so that
  /// the decision is the same.
  private func look(
    _ ids: [Candidate.ID], after step: Int, _ parents: Int, in course: BlockCourse
  ) throws {
    let manner = course.manner
    let weights = course.blocks.weights
    var runners: [Race.Runner] = []
    var evaluations: [Candidate.ID: Evaluation] = [:]
    for candidate in try ids.map({ try store.candidate($0) }) where candidate.hasReached(step) {
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      let results = try store.itemBlocks(key).filter { $0.block <= step }
      // Who failed later has taken part here.
      guard Set(results.map(\.block)).count == step + 1 else { continue }
      let items = try inputs.seen(results, manner)
      guard items.count >= BlockSettings.fewestItems else { return }
      // Who has no finite score now has none at the end and fails there.
      guard
        let evaluation = try? inputs.evaluation(key, of: items, manner, itemWeights: weights)
      else { continue }
      runners.append(Race.Runner(candidate: candidate.id, score: evaluation.score, seen: items))
      evaluations[candidate.id] = evaluation
    }
    let populations = course.positions(0..<course.settings.count).map(\.count)
    let race = Race(leaders: parents, confidence: course.settings.confidence)
    let stops = try race.stops(runners) {
      let strata = try inputs.strata($0, $1, manner, itemWeights: weights)
      return PairedEstimate(
        strata, outOf: zip(populations, $0.positions).filter { !$1.isEmpty }.map(\.0))
    }
    var wave = Wave()
    var detail: [String: Double] = [:]
    for stop in stops {
      guard try store.candidate(stop.candidate).status == .pending,
        let evaluation = evaluations[stop.candidate]
      else { continue }
      wave.evaluations.append(evaluation)
      wave.statuses[stop.candidate] = .stopped(block: step, difference: stop.difference)
      detail["stopped", default: 0] += 1
      detail["saved_passes", default: 0] += course.settings.passShare - evaluation.cost
      detail["doubt", default: 0] += stop.doubt
    }
    guard !wave.statuses.isEmpty else { return }
    detail["step"] = Double(step)
    try store.commit(wave, event: event("look", detail))
  }
}

extension Candidate {
  /// Whether it was in the race at the beginning of a step: later failures are not looked at.
  fileprivate func hasReached(_ step: Int) -> Bool {
    switch status {
    case .stopped(let block, _): block >= step
    case .pending, .scored, .failed: true
    case .dropped: false
    }
  }
}

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
  /// Scores a generation's own candidates over `blocks`, in this order.
  ///
  /// `stop` is called before every wave and ends the scoring by throwing, `committed` after every wave with
  /// the number of candidates that are settled or as good as scored.
  func scoreBlocks(
    _ candidates: [Candidate], _ settings: BlockSettings, parents: Int, _ manner: ScoringManner,
    stop: () throws -> Void, committed: (Int) throws -> Void
  ) throws {
    let blocks = try itemBlocks()
    let order = Array(blocks.positions.indices)
    let ids = candidates.map(\.id)
    var step = 0
    while step < order.count {
      let runners = try ids.map { try store.candidate($0) }.filter { $0.hasReached(step) }
      // When nobody can stop any more, what is left is one pass over the sources.
      let isDecided = !settings.races || runners.count <= parents
      let steps = isDecided ? step..<order.count : step..<step + 1
      try score(
        runners, order[steps], of: order, manner, blocks, stop: stop,
        committed: { done in
          let ahead = Double(runners.count * step + done * steps.count) / Double(order.count)
          try committed(ids.count - runners.count + Int(ahead))
        })
      step = steps.upperBound
      guard step < order.count else { break }
      try look(ids, after: step - 1, order[..<step], settings, parents, manner, blocks)
    }
  }

  /// The blocks of the store, once the first generation is opened.
  func itemBlocks() throws -> ItemBlocks {
    if let known = knownBlocks { return known }
    let blocks = ItemBlocks(try store.benchmarks(), tasks: inputs.tasks.map(\.name))
    knownBlocks = blocks
    return blocks
  }

  /// The requests of some blocks.
  private func prepared(_ step: [Int], _ blocks: ItemBlocks) throws -> PreparedEvaluation {
    if let known = preparedSteps[step] { return known }
    let prepared = try inputs.evaluator.prepare(
      [.search], standard: .never, tellsOptimizer: true, items: blocks.positions(in: step))
    preparedSteps[step] = prepared
    return prepared
  }

  // MARK: Scoring

  /// Scores candidates on what they lack of the blocks `step`, wave by wave.
  ///
  /// Who has the last block of `order` has its evaluation.
  private func score(
    _ runners: [Candidate], _ step: ArraySlice<Int>, of order: [Int], _ manner: ScoringManner,
    _ blocks: ItemBlocks, stop: () throws -> Void, committed: (Int) throws -> Void
  ) throws {
    let lacking = try runners.filter { $0.status == .pending }.map { candidate in
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      let known = try store.scoredBlocks(key)
      return (candidate: candidate, step: step.filter { !known.contains($0) })
    }.filter { !$0.step.isEmpty }
    var done = runners.count - lacking.count
    try committed(done)
    var left = lacking[...]
    while let first = left.first {
      let alike = left.prefix { $0.step == first.step }
      let prepared = try prepared(first.step, blocks)
      let size = try inputs.waveSize(of: alike.count, manner, on: prepared)
      let entries = alike.prefix(size).map {
        (candidate: $0.candidate, maskSeed: inputs.maskSeed(of: $0.candidate))
      }
      left = left.dropFirst(entries.count)
      let share = Double(prepared.requestedTokens) / Double(inputs.prepared[manner].requestedTokens)
      try commitWave(manner, passes: share * Double(entries.count), stop: stop) {
        let results = try inputs.evaluate(entries, manner, on: prepared)
        return try wave(of: entries, results, first.step, of: order, manner, blocks)
      }
      done += entries.count
      try committed(done)
    }
  }

  private func wave(
    of entries: [Entry], _ results: [Result<ModelEvaluation, Diagnostic>], _ step: [Int],
    of order: [Int], _ manner: ScoringManner, _ blocks: ItemBlocks
  ) throws -> Wave {
    var wave = Wave()
    for (entry, result) in zip(entries, results) {
      let key = manner.key(entry.candidate.id, maskSeed: entry.maskSeed)
      switch result {
      case .failure(let reason):
        wave.statuses[entry.candidate.id] = .failed(reason.description)
      case .success(let evaluation):
        let scored = inputs.blocks(of: evaluation, key, step, in: blocks)
        wave.blocks += scored
        guard step.last == order.last else { continue }
        let all = try store.itemBlocks(key) + scored
        wave.evaluations.append(
          try inputs.evaluation(
            key, of: try inputs.seen(all, manner), manner, itemWeights: blocks.weights))
        wave.statuses[entry.candidate.id] = .scored
      }
    }
    return wave
  }

  // MARK: Looking

  /// Stops who is behind after all have seen the blocks `seen`, the last of which is number `step`.
  ///
  /// Candidates that stopped at this very look before the program was stopped take part again, so that
  /// the decision is the same.
  private func look(
    _ ids: [Candidate.ID], after step: Int, _ seen: ArraySlice<Int>, _ settings: BlockSettings,
    _ parents: Int, _ manner: ScoringManner, _ blocks: ItemBlocks
  ) throws {
    var runners: [Race.Runner] = []
    var evaluations: [Candidate.ID: Evaluation] = [:]
    for candidate in try ids.map({ try store.candidate($0) }) where candidate.hasReached(step) {
      let key = manner.key(candidate.id, maskSeed: inputs.maskSeed(of: candidate))
      let results = try store.itemBlocks(key).filter { seen.contains($0.block) }
      // Who failed later has taken part here.
      guard Set(results.map(\.block)).isSuperset(of: seen) else { continue }
      let items = try inputs.seen(results, manner)
      guard items.count >= BlockSettings.fewestItems else { return }
      let evaluation = try inputs.evaluation(key, of: items, manner, itemWeights: blocks.weights)
      runners.append(Race.Runner(candidate: candidate.id, score: evaluation.score, seen: items))
      evaluations[candidate.id] = evaluation
    }
    let populations = blocks.positions(in: blocks.positions.indices).map(\.count)
    let stops = try Race(leaders: parents, confidence: settings.confidence).stops(runners) {
      let strata = try inputs.strata($0, $1, manner, itemWeights: blocks.weights)
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
      detail["saved_passes", default: 0] += 1 - evaluation.cost
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

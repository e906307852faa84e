import Diagnostics

/// Who was handed out and what came back, for the open generation and the one before it.
struct GenerationLedger: Sendable, Codable {
  private(set) var populationSize: Int
  /// Counts restarts.
  private(set) var run = 0
  /// Counts on over restarts.
  private(set) var generation = 0
  private var handedOut: [Bool]
  private var outcomes: [Outcome?]
  /// Outcomes of the generation that closed last, to recognise repeats, and its run.
  private var previous: [Outcome] = []
  private var previousRun = 0

  init(populationSize: Int) {
    self.populationSize = populationSize
    handedOut = Array(repeating: false, count: populationSize)
    outcomes = Array(repeating: nil, count: populationSize)
  }

  var told: [Bool] { outcomes.map { $0 != nil } }

  func id(of index: Int) -> Proposal.ID {
    Proposal.ID(run: run, generation: generation, index: index)
  }

  /// Marks up to `count` candidates as handed out and returns their indices, ascending.
  mutating func handOut(_ count: Int) -> [Int] {
    let indices = handedOut.indices.filter { !handedOut[$0] }.prefix(max(0, count))
    for index in indices { handedOut[index] = true }
    return Array(indices)
  }

  /// Records an outcome.
  ///
  /// - Returns: All outcomes in index order if this completed the generation, else nil.
  mutating func record(
    _ id: Proposal.ID, _ told: Outcome, objectives: Int
  ) throws(Diagnostic) -> [Outcome]? {
    let outcome = try normalized(told, of: id, objectives: objectives)
    guard id.index >= 0, (0...run).contains(id.run), id.generation >= 0 else { throw unknown(id) }
    if id.generation < generation {
      if id.generation == generation - 1, id.run == previousRun, !previous.isEmpty {
        guard previous.indices.contains(id.index) else { throw unknown(id) }
        // A result that was given up may still arrive; it is too late to be told.
        guard previous[id.index] == outcome || previous[id.index] == .dropped else {
          throw conflict(id, previous[id.index], outcome)
        }
      }
      return nil
    }
    guard id.run == run, id.generation == generation, id.index < populationSize else {
      throw unknown(id)
    }
    if let known = outcomes[id.index] {
      guard known == outcome else { throw conflict(id, known, outcome) }
      return nil
    }
    handedOut[id.index] = true
    outcomes[id.index] = outcome
    let complete = outcomes.compactMap { $0 }
    return complete.count == populationSize ? complete : nil
  }

  /// Opens the next generation after `closed`, the outcomes of this one.
  mutating func advance(after closed: [Outcome]) {
    previous = closed
    previousRun = run
    generation += 1
    handedOut = Array(repeating: false, count: populationSize)
    outcomes = Array(repeating: nil, count: populationSize)
  }

  /// Opens the first generation of the next run, of another size, after `closed`.
  mutating func restart(after closed: [Outcome], populationSize size: Int) {
    populationSize = size
    advance(after: closed)
    run += 1
  }

  private func normalized(
    _ outcome: Outcome, of id: Proposal.ID, objectives: Int
  ) throws(Diagnostic) -> Outcome {
    switch outcome {
    case .scores(let scores):
      guard scores.count == objectives else {
        throw Diagnostic(
          "\(scores.count) scores for \(objectives) objective\(objectives == 1 ? "" : "s")",
          at: "candidate \(id)", fix: "tell one score per objective")
      }
      return scores.allSatisfy(\.isFinite) ? outcome : .invalid
    case .stopped(_, let difference): return difference.isFinite ? outcome : .invalid
    case .invalid, .dropped: return outcome
    }
  }

  private func unknown(_ id: Proposal.ID) -> Diagnostic {
    Diagnostic(
      "no such candidate: the open generation is \(run)/\(generation) with \(populationSize) "
        + "candidates", at: "candidate \(id)",
      fix: "tell only candidates that were asked for")
  }

  private func conflict(_ id: Proposal.ID, _ known: Outcome, _ other: Outcome) -> Diagnostic {
    Diagnostic(
      "already has the result \(known), so \(other) cannot replace it", at: "candidate \(id)",
      fix: "tell every candidate once; the first result counts")
  }
}

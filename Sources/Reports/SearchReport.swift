public import PopulationStore
public import SearchSpaces

/// A search in figures, for people and for scripts; computed from one moment of its store.
public struct SearchReport: Sendable {
  /// How scores are computed; only scores of one manner are compared.
  struct Manner: Hashable, Sendable {
    var precision: String
    var decode: String
  }

  public let snapshot: StoreSnapshot
  /// The plan's space, where it can be read.
  public let space: SearchSpace?
  /// Of scores on the search split, and of validation and test.
  let searching: Manner
  let judging: Manner

  private let candidates: [Candidate.ID: Candidate]
  private let evaluations: [Place: [Evaluation]]

  private struct Place: Hashable {
    var candidate: Candidate.ID
    var split: BenchmarkSplit
    var manner: Manner
  }

  public init(_ snapshot: StoreSnapshot) {
    self.snapshot = snapshot
    searching = Manner(precision: snapshot.search.precision, decode: snapshot.search.decode)
    let judged = snapshot.evaluations.first { $0.key.split != .search }?.key
    judging =
      judged.map { Manner(precision: $0.precision, decode: $0.decode) }
      ?? Manner(precision: "f32", decode: "unproved")
    candidates = Dictionary(uniqueKeysWithValues: snapshot.candidates.map { ($0.id, $0) })
    evaluations = Dictionary(
      grouping: snapshot.evaluations.filter(\.isComplete),
      by: { evaluation in
        Place(
          candidate: evaluation.key.candidate, split: evaluation.key.split,
          manner: Manner(precision: evaluation.key.precision, decode: evaluation.key.decode))
      })
    space = snapshot.search.plan.flatMap { plan in
      try? decodeJSON(SearchSpace.self, plan.space, at: snapshot.path)
    }
  }

  func candidate(_ id: Candidate.ID) -> Candidate? { candidates[id] }

  /// The complete score of a candidate, or of the earlier one whose results count for it.
  func figure(_ id: Candidate.ID, _ split: BenchmarkSplit, _ manner: Manner) -> Figure? {
    if let own = evaluations[Place(candidate: id, split: split, manner: manner)] {
      return Figure(own)
    }
    // Originals precede their duplicates, so this ends.
    guard let original = candidates[id]?.duplicateOf, original < id else { return nil }
    return figure(original, split, manner)
  }

  /// As the optimizer sees it on the search split, and as judged on the others.
  public func figure(_ id: Candidate.ID, _ split: BenchmarkSplit) -> Figure? {
    figure(id, split, split == .search ? searching : judging)
  }

  /// Base, experts and simple merges in the order of the search file.
  public var baselines: [Candidate] { snapshot.candidates.filter(\.kind.isBaseline) }

  /// The proposal with the best complete score on the search split; among equals the first.
  public var bestObserved: Candidate? {
    snapshot.candidates.lazy
      .filter { $0.kind == .search && $0.status == .scored && $0.duplicateOf == nil }
      .compactMap { candidate in
        figure(candidate.id, .search).map { (candidate: candidate, score: $0.value) }
      }
      .max { ($0.score, $1.candidate.id) < ($1.score, $0.candidate.id) }?.candidate
  }

  var timings: SearchTimings {
    SearchTimings(snapshot.events, isSearching: snapshot.search.phase == .searching)
  }

  public var conclusion: Conclusion? { snapshot.conclusions.last }

  /// The random candidate that met the winner on test.
  public var bestControl: Candidate? {
    conclusion?.comparisons.first { $0.role == .control }.flatMap { candidate($0.opponent) }
  }

  /// What validation chose in the last round.
  public var winner: Candidate? { conclusion.flatMap { candidate($0.winner) } }

  /// The best parent so far: as concluded, else by validation, else by the search split.
  public var bestParent: Candidate? {
    if let conclusion { return candidate(conclusion.bestParent) }
    let parents = baselines.filter(\.kind.isParent)
    for split in [BenchmarkSplit.validation, .search] {
      let scored = parents.compactMap { parent in
        figure(parent.id, split).map { (parent: parent, score: $0.value) }
      }
      if !parents.isEmpty, scored.count == parents.count {
        return scored.max { ($0.score, $1.parent.id) < ($1.score, $0.parent.id) }?.parent
      }
    }
    return nil
  }

  /// What a table calls a candidate.
  func name(_ candidate: Candidate) -> String {
    guard let name = candidate.name else { return "candidate \(candidate.id)" }
    return candidate.kind.isBaseline ? name : "candidate \(candidate.id), \(name)"
  }

  func name(_ id: Candidate.ID) -> String { candidate(id).map(name) ?? "candidate \(id)" }
}

/// A generation in figures.
public struct GenerationFigures: Sendable, Hashable {
  public var generation: Generation
  public var candidates = 0
  public var scored = 0
  public var failed = 0
  public var stopped = 0
  public var best: Double?
  public var mean: Double?
  /// The best score of this and all earlier generations.
  public var bestSoFar: Double?
}

extension SearchReport {
  /// In order; scores are those on the search split.
  public var progress: [GenerationFigures] {
    var members: [Candidate.Proposal: [Candidate]] = [:]
    for candidate in snapshot.candidates {
      guard let proposal = candidate.proposal else { continue }
      members[.init(run: proposal.run, generation: proposal.generation, index: 0), default: []]
        .append(candidate)
    }
    var best: Double?
    return snapshot.generations.map { generation in
      var figures = GenerationFigures(generation: generation)
      var scores: [Double] = []
      let key = Candidate.Proposal(run: generation.run, generation: generation.number, index: 0)
      for candidate in members[key] ?? [] {
        figures.candidates += 1
        switch candidate.status {
        case .scored:
          figures.scored += 1
          if let figure = figure(candidate.id, .search) { scores.append(figure.value) }
        case .failed: figures.failed += 1
        case .stopped: figures.stopped += 1
        case .pending, .dropped: break
        }
      }
      if let highest = scores.max() {
        figures.best = highest
        figures.mean = scores.reduce(0, +) / Double(scores.count)
        best = max(best ?? highest, highest)
      }
      figures.bestSoFar = best
      return figures
    }
  }

  /// Reasons of failed candidates with their numbers, the most frequent first.
  public var failures: [(reason: String, count: Int)] {
    var counts: [String: Int] = [:]
    for candidate in snapshot.candidates {
      if case .failed(let reason) = candidate.status { counts[reason, default: 0] += 1 }
    }
    return counts.map { (reason: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
  }
}

public import Foundation
public import PopulationStore
import Randomness
import SearchSpaces

/// A whole search with made-up scores that goes on wherever its store stands.
///
/// It takes every transaction that a real driver takes: baselines, generations with a failed and
/// a raced-out candidate, finalists, a look at the test split, a verdict. Scores are functions of candidate and item.
public struct ScriptedSearch: Sendable {
  public var generations = 3
  public var population = 4
  public var itemsPerTask = 8
  /// Whether the plan is left open until the baselines are scored, as with a time limit alone.
  public var plansLate = false
  /// After so many commits of results the run ends, as if it had been stopped.
  public var stopsAfterWaves: Int?
  /// Of every validation and test score.
  public var maskSeeds: [UInt64] = [0]
  /// Of the events, which must make no difference elsewhere.
  public var clock = Date(timeIntervalSince1970: 1_800_000_000)

  private static let tasks = ["sums", "words"]

  public init() {}

  public var configuration: String { #"{"name":"scripted","generations":\#(generations)}"# }

  /// What is published when the checks have passed.
  public func newSearch() throws -> NewSearch {
    let parents = [("base", true), ("left", false), ("right", false)]
    return NewSearch(
      name: "scripted", configuration: configuration, seed: .max, bootstrapSeed: 11,
      precision: "bf16", decode: "never",
      models: parents.map { name, isBase in
        StoredModel(
          name: name, isBase: isBase, path: "/models/\(name)", fingerprint: "print of \(name)")
      },
      tasks: Self.tasks.enumerated().map { index, name in
        StoredTask(
          name: name, weight: Double(index + 1), metric: "exact_match",
          path: "/tasks/\(name).yaml", fingerprint: "print of \(name)")
      },
      benchmarks: Self.tasks.flatMap { task in
        BenchmarkSplit.allCases.map { split in
          StoredBenchmark(
            task: task, split: split, path: "/tasks/\(task).\(split).jsonl",
            fingerprint: "print of \(task).\(split)", requestedTokens: 10 * itemsPerTask,
            items: (0..<itemsPerTask).map { item in
              StoredBenchmark.Item(id: "\(task)-\(split)-\(item)", block: item % 2)
            })
        }
      },
      budget: Budget(
        evaluations: plansLate ? nil : population * generations, timeLimit: plansLate ? 3600 : nil),
      plan: plansLate ? nil : try plan(),
      baselines: parents.map { name, isBase in
        NewCandidate(kind: isBase ? .base : .expert, name: name, fingerprint: 0)
      } + [
        NewCandidate(
          kind: .simple, name: "linear, equal weights", genome: Genome(values: [0.5, 0.5]),
          recipe: "merge_method: linear\n", fingerprint: 77)
      ])
  }

  private func plan() throws -> Plan {
    Plan(
      space: try canonicalJSON(
        SearchSpace([
          SearchParameter("left.weight", .real(range: -1...4, start: 0.5)),
          SearchParameter("right.weight", .real(range: -1...4, start: 0.5)),
        ])), algorithm: "cma-es", covariance: "full",
      population: population, racing: true, settings: "{}")
  }

  /// Goes on until the search is finished or stopped, from wherever it stands.
  public func run(_ store: PopulationStore) throws {
    try store.record(event("session"))
    while true {
      if let stopsAfterWaves, try store.events(kind: "wave").count >= stopsAfterWaves { return }
      let search = try store.search()
      switch search.phase {
      case .baselines: try scoreBaselines(store, search)
      case .searching: try advance(store, search)
      case .finalists: try conclude(store, search)
      case .finished, .stalled: return
      }
    }
  }

  private func event(_ kind: String) -> Event {
    Event(at: clock, kind: kind, elapsed: 1.5, detail: #"{"threads":2}"#)
  }

  private func scoreBaselines(_ store: PopulationStore, _ search: StoredSearch) throws {
    let pending = try store.candidates(.baselines).filter { $0.status == .pending }
    if let first = pending.first {
      var wave = Wave(statuses: [first.id: .scored])
      append(first.id, search.searchKey(first.id, maskSeed: 0), to: &wave)
      append(first.id, key(first.id, .validation), to: &wave)
      wave.texts = [
        SampleText(key: key(first.id, .validation), task: "sums", position: 1, text: "2 + 2 = 4\n")
      ]
      try store.commit(wave, event: event("wave"))
    } else if plansLate {
      try store.fix(
        plan(), budget: Budget(evaluations: population * generations, timeLimit: 3600, reserve: 2),
        opening: generation(0), event: event("plan"))
    } else {
      try store.open(generation(0))
    }
  }

  private func generation(_ number: Int) -> NewGeneration {
    NewGeneration(
      run: 0, number: number, state: Data("state \(number)".utf8),
      candidates: (0..<population).map { index in
        let values = [Double(number) + 0.1, Double(index) / 3]
        return NewCandidate(
          kind: .search, proposal: .init(run: 0, generation: number, index: index),
          genome: Genome(values: values), point: values.map { $0 - 0.5 },
          recipe: "# candidate \(number).\(index)\nmerge_method: task_arithmetic\n",
          fingerprint: UInt64(1000 * number + index))
      })
  }

  private func advance(_ store: PopulationStore, _ search: StoredSearch) throws {
    guard let open = try store.openGeneration() else {
      let number = try store.generations().count
      if number * population < search.budget.evaluations ?? 0 {
        try store.open(generation(number))
      } else {
        try enterFinalists(store)
      }
      return
    }
    let candidates = try store.candidates(.generation(run: open.run, number: open.number))
    let pending = candidates.filter { $0.status == .pending }
    if !pending.isEmpty {
      try scoreWave(Array(pending.prefix(2)), store, search)
      return
    }
    let isLast = (open.number + 1) * population >= search.budget.evaluations ?? 0
    try store.close(
      run: open.run, generation: open.number, as: open.number == 1 ? .void : .closed,
      next: isLast ? nil : generation(open.number + 1), event: event("generation"))
  }

  private func scoreWave(
    _ candidates: [Candidate], _ store: PopulationStore, _ search: StoredSearch
  ) throws {
    var wave = Wave()
    for candidate in candidates {
      let key = search.searchKey(candidate.id, maskSeed: 0)
      switch candidate.proposal?.index {
      case 1 where candidate.proposal?.generation == 0:
        wave.statuses[candidate.id] = .failed("logits of layer 3 are not finite")
      case 3:
        wave.statuses[candidate.id] = .stopped(block: 0, difference: -0.25)
        append(candidate.id, key, to: &wave, blocks: 1)
      default:
        wave.statuses[candidate.id] = .scored
        append(candidate.id, key, to: &wave)
      }
    }
    try store.commit(wave, event: event("wave"))
  }

  private func enterFinalists(_ store: PopulationStore) throws {
    let round = try store.lastRound() + 1
    let best = try store.evaluations(split: .search)
      .filter { $0.isComplete && $0.key.candidate > 4 }
      .max { $0.score < $1.score }
    try store.enter(
      round: round,
      made: [
        (
          NewCandidate(
            kind: .finalist, name: "mean of the distribution, round \(round)",
            genome: Genome(values: [0.25, 0.75]), recipe: "merge_method: task_arithmetic\n",
            fingerprint: 5000 + UInt64(round)),
          "mean of the distribution"
        )
      ],
      chosen: best.map { [Finalist(candidate: $0.key.candidate, origin: "best observed")] } ?? [],
      event: event("finalists"))
  }

  private func conclude(_ store: PopulationStore, _ search: StoredSearch) throws {
    let round = try store.lastRound() + 1
    let finalists = try store.finalists(round: round).map(\.candidate)
    for id in finalists {
      if try store.candidate(id).kind == .finalist {
        try score(id, search.searchKey(id, maskSeed: 0), store)
      }
      for seed in maskSeeds { try score(id, key(id, .validation, seed), store) }
    }
    let standings = try finalists.map { id in (id: id, score: try validation(id, store)) }
    guard let winner = standings.max(by: { $0.score < $1.score })?.id else { return }
    try store.noteTestLook(.verdict, round: round, candidates: [1, 2, 3, 4, winner])
    for id in [1, 2, 3, 4, winner] {
      for seed in id == winner ? maskSeeds : [0] {
        try score(id, key(id, .test, seed), store)
        try score(id, key(id, .search, seed), store)
      }
    }
    try store.conclude(
      Conclusion(
        round: round, winner: winner, bestParent: 3, bestSimple: 4,
        comparisons: [
          Comparison(
            opponent: 3, role: .bestParent, split: .test, gain: 0.25, low: 0.125, high: 0.375,
            level: 0.975, words: "better than the best parent (right)"),
          Comparison(
            opponent: 4, role: .bestSimple, split: .test, gain: 0.0625, low: -0.0625, high: 0.1875,
            level: 0.975, words: "no measurable difference to the best simple merge (linear)"),
          Comparison(
            opponent: 1, role: .parent, split: .test, gain: 0.5, low: 0.375, high: 0.625,
            level: 0.95, words: "better than base"),
        ]),
      event: event("conclusion"))
  }

  /// Scores what is missing, in a commit of its own.
  private func score(_ id: Candidate.ID, _ key: EvaluationKey, _ store: PopulationStore) throws {
    guard try store.evaluation(key) == nil else { return }
    var wave = Wave(statuses: [id: .scored])
    append(id, key, to: &wave)
    try store.commit(wave, event: event("wave"))
  }

  /// The mean over the mask seeds.
  private func validation(_ id: Candidate.ID, _ store: PopulationStore) throws -> Double {
    let scores = try maskSeeds.compactMap { seed in
      try store.evaluation(key(id, .validation, seed))?.score
    }
    return scores.reduce(0, +) / Double(maskSeeds.count)
  }

  private func key(
    _ candidate: Candidate.ID, _ split: BenchmarkSplit, _ maskSeed: UInt64 = 0
  ) -> EvaluationKey {
    EvaluationKey(
      candidate: candidate, split: split, precision: "f32", decode: "unproved", maskSeed: maskSeed)
  }

  /// Whether a candidate answers an item, by a hash; later candidates answer more.
  private func answers(_ key: EvaluationKey, task: Int, item: Int) -> Bool {
    var random = SplitMix64(
      seed: UInt64(key.candidate) << 32 ^ UInt64(key.split.rawValue.utf8.count) << 24
        ^ key.maskSeed << 16 ^ UInt64(task) << 8 ^ UInt64(item))
    return random.nextUniform() < 0.3 + 0.03 * Double(key.candidate)
  }

  /// Scores the first `blocks` of the two blocks of each task.
  private func append(
    _ candidate: Candidate.ID, _ key: EvaluationKey, to wave: inout Wave, blocks: Int = 2
  ) {
    var tasks: [Evaluation.TaskScore] = []
    var total = 0.0
    for (index, task) in Self.tasks.enumerated() {
      var sum = 0.0
      var count = 0
      for block in 0..<blocks {
        let positions = (0..<itemsPerTask).filter { $0 % 2 == block }
        let values = positions.map { item in
          answers(key, task: index, item: item) ? 1.0 : 0.0
        }
        sum += values.reduce(0, +)
        count += values.count
        wave.blocks.append(
          ItemBlock(
            key: key, task: task, block: block,
            items: ItemTable(
              positions: positions,
              columns: [
                .init("exact_match", .reals(values)),
                .init("tokens", .integers(positions.map { 10 + $0 })),
              ])))
      }
      let value = sum / Double(count)
      tasks.append(
        .init(
          task: task, metric: "exact_match", value: value, standardError: 0.125, count: count,
          decoded: key.decode == "unproved" ? 2 : 0, changed: key.decode == "unproved" ? 1 : 0))
      total += Double(index + 1) * value
    }
    wave.evaluations.append(
      Evaluation(
        key: key, score: total / 3, standardError: 0.0625,
        requestedTokens: 10 * itemsPerTask * blocks, cost: Double(blocks) / 2,
        isComplete: blocks == 2, tasks: tasks))
  }
}

extension ScriptedSearch {
  /// A finished store of this search under a new name.
  public func finished(at path: String, failpoints: Failpoints = .none) throws -> PopulationStore {
    let store = try StoreReservation(at: path, configuration: configuration, failpoints: failpoints)
      .publish(try newSearch())
    try run(store)
    return store
  }
}

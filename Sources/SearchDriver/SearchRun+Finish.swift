import Diagnostics
import Evaluation
import PopulationStore
import SearchSpaces
import Tasks

extension SearchRun {
  /// Chooses the winner on validation, looks at test, and concludes; what is stored is not computed again.
  func finish() throws -> Conclusion {
    let search = try store.search()
    let round = try store.lastRound() + 1
    if search.phase == .finished, let conclusion = try store.conclusions().last {
      return conclusion
    }
    let controls = try scoreControls(search)
    let finalists = try cycle.enterFinalists(round: round)
    let searchManner = try searchManner(search)
    note("scoring \(finalists.count) finalists on the search split")
    try score(
      finalists.map { ($0, inputs.maskSeed(of: $0)) }, searchManner, keepsTexts: false)
    try completeSubsets(finalists, searchManner)

    let baselines = try store.candidates(.baselines)
    // A random candidate may be a finalist too.
    let judged = baselines + finalists + controls.filter { !finalists.map(\.id).contains($0.id) }
    note(
      "validating \(finalists.count) finalists, \(baselines.count) baselines"
        + (controls.isEmpty ? "" : ", \(controls.count) random candidates"))
    let validation = judgingManner(.validation)
    try score(judged.flatMap(withMaskSeeds), validation, keepsTexts: true)
    let contest = try contest(judged, finalists, controls, validation, round: round)
    let tested = contest.tested

    // For the optimism gap: the search split in the manner of the other two.
    let judgedSearch = tested.flatMap(withMaskSeeds)
    try takeOver(judgedSearch, from: searchManner, as: judgingManner(.search))
    try score(judgedSearch, judgingManner(.search), keepsTexts: false)

    let comparisons = try Verdict(
      run: self, test: judgingManner(.test), seed: search.bootstrapSeed
    ).comparisons(
      winner: contest.winner, bestParent: contest.parent, bestSimple: contest.simple,
      control: contest.control, parents: baselines.filter(\.kind.isParent))
    let conclusion = Conclusion(
      round: round, winner: contest.winner.id, bestParent: contest.parent.id,
      bestSimple: contest.simple?.id, comparisons: comparisons)
    try store.conclude(conclusion, event: event("concluded"))
    return conclusion
  }

  /// Stores what is known in one manner of scoring as results of another that does the same: in one precision,
  /// where no text is decoded and the same metrics count.
  private func takeOver(
    _ entries: [Entry], from known: ScoringManner, as wanted: ScoringManner
  ) throws {
    guard known.split == wanted.split, known.precision == wanted.precision,
      !inputs.prepared[wanted].mayDecode, inputs.aggregate(known) == inputs.aggregate(wanted),
      inputs.tasks.indices.allSatisfy({
        inputs.objective(ofTask: $0, known).name == inputs.objective(ofTask: $0, wanted).name
      })
    else { return }
    var wave = Wave()
    for (candidate, maskSeed) in entries {
      let (source, target) = (
        known.key(candidate.id, maskSeed: maskSeed), wanted.key(candidate.id, maskSeed: maskSeed)
      )
      guard try store.evaluation(target) == nil, var evaluation = try store.evaluation(source)
      else { continue }
      var blocks = try store.itemBlocks(source)
      // Items that came in blocks are summed in another order.
      guard evaluation.isComplete, blocks.allSatisfy({ $0.block == 0 }) else { continue }
      evaluation.key = target
      for index in blocks.indices { blocks[index].key = target }
      wave.evaluations.append(evaluation)
      wave.blocks += blocks
    }
    if !wave.evaluations.isEmpty { try store.commit(wave) }
  }

  /// Who meets on the test split.
  private struct Contest {
    let winner: Candidate
    let parent: Candidate
    let simple: Candidate?
    /// The best of the random candidates.
    let control: Candidate?
    /// These, the other parents and the validated Pareto front, each once.
    let tested: [Candidate]
  }

  /// Chooses winner and opponents on validation and scores them on test.
  ///
  /// Who fails on the test items neither wins nor is beaten: the next best takes the place, and the
  /// further look is noted.
  private func contest(
    _ judged: [Candidate], _ finalists: [Candidate], _ controls: [Candidate],
    _ validation: ScoringManner, round: Int
  ) throws -> Contest {
    let test = judgingManner(.test)
    let ids = Set(finalists.map(\.id))
    let controlIDs = Set(controls.map(\.id))
    while true {
      let standings = try judged.map { candidate -> (Candidate, Double?) in
        if case .failed = try store.candidate(candidate.id).status { return (candidate, nil) }
        return (candidate, try meanScore(candidate, validation))
      }
      let winner = try best(standings.filter { ids.contains($0.0.id) })
      let parent = try best(standings.filter(\.0.kind.isParent))
      let simple = try? best(standings.filter { $0.0.kind == .simple })
      let control = try? best(standings.filter { controlIDs.contains($0.0.id) })
      let opponents = judged.filter {
        ($0.kind.isParent || $0.id == simple?.id || $0.id == control?.id) && $0.id != winner.id
      }
      let front = try front(of: finalists, validation).filter { front in
        front.id != winner.id && front.id != control?.id
      }
      let contest = Contest(
        winner: winner, parent: parent, simple: simple, control: control,
        tested: opponents + [winner] + front)
      try store.noteTestLook(.verdict, round: round, candidates: contest.tested.map(\.id))
      note("testing the winner, its parents and the best simple merge")
      try score(contest.tested.flatMap(withMaskSeeds), test, keepsTexts: true)
      let main = [winner, parent] + [simple, control].compactMap { $0 }
      if try main.allSatisfy({ try meanScore($0, test) != nil }) { return contest }
    }
  }

  /// Every mask seed under which a candidate is judged: one where nothing is random, else five.
  func withMaskSeeds(_ candidate: Candidate) -> [Entry] {
    inputs.judgingMaskSeeds(of: candidate).map { (candidate, $0) }
  }

  /// The mean over the mask seeds; nil if the candidate failed under one of them.
  func meanScore(_ candidate: Candidate, _ manner: ScoringManner) throws -> Double? {
    var sum = 0.0
    let seeds = inputs.judgingMaskSeeds(of: candidate)
    for seed in seeds {
      guard let evaluation = try store.evaluation(manner.key(candidate.id, maskSeed: seed)) else {
        return nil
      }
      sum += evaluation.score
    }
    return sum / Double(seeds.count)
  }

  /// The highest score; among equals the first.
  private func best(_ standings: [(Candidate, Double?)]) throws -> Candidate {
    var leader: (candidate: Candidate, score: Double)?
    for (candidate, score) in standings {
      guard let score, leader.map({ score > $0.score }) ?? true else { continue }
      leader = (candidate, score)
    }
    guard let leader else {
      throw StorageError.failed(
        Diagnostic(
          "none of the models that should be compared could be scored", at: store.path,
          fix: "see `mergevolve status \(store.path)` for the reasons"))
    }
    return leader.candidate
  }
}

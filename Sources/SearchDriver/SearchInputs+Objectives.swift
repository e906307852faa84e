import Evaluation
import Optimizers
import PopulationStore
import Tasks

extension SearchInputs {
  /// Scores that the optimizer is told of each candidate: one, or one per task for NSGA-II.
  var objectives: Int { settings.objectives ?? 1 }

  var passShare: Double { settings.blocks?.passShare ?? 1 }

  func toldScores(of evaluation: Evaluation, _ search: StoredSearch) throws -> [Double] {
    guard objectives > 1, let decode = DecodeMode(rawValue: search.decode) else {
      return [evaluation.score]
    }
    return objectiveScores(
      evaluation, ScoringManner(split: .search, precision: search.precision, decode: decode))
  }

  /// What the optimizer is told, and what chooses the winner, may be the worst task; test, verdict and optimism
  /// gap are means.
  func aggregate(_ manner: ScoringManner) -> TaskAggregate {
    manner == searchManner || manner.split == .validation ? configuration.aggregate : .mean
  }

  func utility(of score: Double, inTask task: Int) -> Double {
    let prepared = prepared.search.tasks[task]
    return prepared.objective.utility(score)
  }

  /// Each higher is better: the weighted score, or every task's own.
  func objectiveScores(_ evaluation: Evaluation, _ manner: ScoringManner) -> [Double] {
    guard objectives > 1 else { return [evaluation.score] }
    return zip(prepared[manner].tasks, evaluation.tasks).map { prepared, score in
      prepared.objective.utility(score.value)
    }
  }
}

extension SearchRun {
  /// The members of `candidates` that none of them beats in every task, those with most room first.
  ///
  /// Scores are means over the mask seeds; who lacks one is no member.
  func front(of candidates: [Candidate], _ manner: ScoringManner) throws -> [Candidate] {
    guard inputs.objectives > 1 else { return [] }
    var members: [(candidate: Candidate, scores: [Double])] = []
    for candidate in candidates {
      let evaluations = try inputs.judgingMaskSeeds(of: candidate).map {
        try store.evaluation(manner.key(candidate.id, maskSeed: $0))
      }
      let scores = evaluations.compactMap { $0 }.map { inputs.objectiveScores($0, manner) }
      guard scores.count == evaluations.count, let first = scores.first else { continue }
      members.append(
        (
          candidate,
          first.indices.map { task in
            scores.reduce(0) { $0 + $1[task] } / Double(scores.count)
          }
        ))
    }
    return ParetoRanking.front(of: members.map(\.scores)).map { members[$0].candidate }
  }
}

extension ParetoRanking {
  /// Indices of the first front, those with most room first, equal ones in order.
  static func front(of scores: [[Double]]) -> [Int] {
    let ranking = ParetoRanking(scores)
    return (ranking.fronts.first ?? []).enumerated().sorted { left, right in
      let (a, b) = (ranking.crowding[left.element], ranking.crowding[right.element])
      return a == b ? left.offset < right.offset : a > b
    }.map(\.element)
  }
}

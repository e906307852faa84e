import PopulationStore
import Tasks

/// The paired comparison of the winner with its parents, with the best simple merge, and with the best random
/// candidate where there is a control.
///
/// Two-sided bootstrap intervals, paired by item and stratified by task, 10,000 replicates: for the two
/// comparisons of the verdict 97.5 %, for three 98.33 % (Bonferroni), 95 % for the other parents.
struct Verdict<C: Clock> where C.Duration == Duration {
  let run: SearchRun<C>
  let test: ScoringManner
  let seed: UInt64

  static var plainLevel: Double { 0.95 }

  /// Of each of so many comparisons, all of which together shall be right with the plain level.
  static func adjustedLevel(comparisons: Int) -> Double {
    comparisons == 2 ? 0.975 : 1 - (1 - plainLevel) / Double(comparisons)
  }

  func comparisons(
    winner: Candidate, bestParent: Candidate, bestSimple: Candidate?, control: Candidate?,
    parents: [Candidate]
  ) throws -> [Comparison] {
    let level = Self.adjustedLevel(comparisons: control == nil ? 2 : 3)
    var comparisons = [try compare(winner, bestParent, role: .bestParent, level: level)]
    if let bestSimple {
      comparisons.append(try compare(winner, bestSimple, role: .bestSimple, level: level))
    }
    if let control {
      comparisons.append(try compare(winner, control, role: .control, level: level))
    }
    for parent in parents where parent.id != bestParent.id {
      guard try run.meanScore(parent, test) != nil else { continue }
      comparisons.append(try compare(winner, parent, role: .parent, level: Self.plainLevel))
    }
    return comparisons
  }

  private func compare(
    _ winner: Candidate, _ opponent: Candidate, role: Comparison.Role, level: Double
  ) throws -> Comparison {
    let difference = try run.inputs.pairedDifference(
      items(of: winner), items(of: opponent), level: level, seed: seed)
    return Comparison(
      opponent: opponent.id, role: role, split: .test, gain: difference.value,
      low: difference.lower,
      high: difference.upper, level: level,
      words: Self.words(
        low: difference.lower, high: difference.upper, role: role,
        name: opponent.name ?? "candidate \(opponent.id)"))
  }

  /// The words that an interval of the gain allows.
  static func words(low: Double, high: Double, role: Comparison.Role, name: String) -> String {
    let opponent =
      switch role {
      case .bestParent: "the best parent (\(name))"
      case .bestSimple: "the best simple merge (\(name))"
      case .control: "the best random candidate (\(name))"
      case .parent: name
      }
    if low > 0 { return "better than \(opponent)" }
    if high < 0 { return "worse than \(opponent)" }
    let alike = low == 0 && high == 0 ? ": every question is answered alike" : ""
    return "no measurable difference to \(opponent)\(alike)"
  }

  /// Values item by item and task by task, averaged over the mask seeds.
  private func items(of candidate: Candidate) throws -> [[ItemValue]] {
    let sheets = try run.inputs.judgingMaskSeeds(of: candidate).map { seed in
      try run.inputs.objectiveValues(
        try run.store.itemBlocks(test.key(candidate.id, maskSeed: seed)), test)
    }
    return sheets[0].indices.map { task in
      sheets[0][task].indices.map { item in ItemValue.mean(of: sheets.map { $0[task][item] }) }
    }
  }
}

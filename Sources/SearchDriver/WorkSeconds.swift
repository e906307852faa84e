import Kernels

/// Seconds that all workers have spent in each phase of scoring so far.
struct WorkSeconds {
  private let seconds: [WorkTimes.Phase: Double]

  init(_ times: WorkTimes) {
    seconds = Dictionary(
      uniqueKeysWithValues: WorkTimes.Phase.allCases.map { ($0, times.seconds($0)) })
  }

  /// For each phase the wall-clock seconds since an earlier moment, as if all workers had been in it together,
  /// and in `other` what is left of `wall`: waiting, requests, results.
  func spent(since earlier: WorkSeconds, threads: Int, of wall: Double) -> [String: Double] {
    var spent: [String: Double] = [:]
    var known = 0.0
    for phase in WorkTimes.Phase.allCases {
      let share = ((seconds[phase] ?? 0) - (earlier.seconds[phase] ?? 0)) / Double(threads)
      spent["\(phase)_seconds"] = share
      known += share
    }
    spent["other_seconds"] = max(0, wall - known)
    return spent
  }
}

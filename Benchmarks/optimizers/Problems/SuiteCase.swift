package import Optimizers
import SearchSpaces

/// A row of the reference figures: a problem, how it is searched, and the band that runs must keep to.
///
/// The population is that of the packages' figures, 4 + ⌊3 ln n⌋, which ours doubles from 30 dimensions.
package struct SuiteCase: Sendable, CustomStringConvertible {
  package enum Set: String, Sendable, CaseIterable {
    case continuous, diagonal, bounded, mixed, categorical, restarts
  }

  package let set: Set
  /// Such as `sphere`.
  package let problem: String
  /// Such as `20` or `5+0+5`.
  package let size: String
  package let settings: OptimizerSettings
  /// Median evaluations of the public packages that the band refers to.
  package let figure: Double
  /// How many times the figure the median may be; nil: shown, not judged.
  package let factor: Double?
  /// Least share of successful runs.
  package let share: Double
  private let make: @Sendable (UInt64) throws -> SuiteProblem?

  package var description: String { "\(set.rawValue) \(problem) \(size)" }

  /// Evaluations to the target, nil if it was missed; `seed` is the number of the run.
  package func run(seed: UInt64) throws -> Int? {
    try make(seed)?.evaluationsToTarget(settings, seed: seed)
  }
}

extension SuiteCase {
  /// optimizers.md §16.1 to 16.5, with the bands of §16.8.
  package static let all: [SuiteCase] =
    full.map { continuous($0.0, $0.1, $0.2) }
    + [
      continuous("rosenbrock", 5, 1942, share: 0.7),
      continuous("rosenbrock", 20, 17_259, share: 0.7),
      continuous("rosenbrock", 40, 62_348, share: 0.7),
      continuous("step_ellipsoid", 5, 485, judged: false),
    ]
    + separable.map { continuous($0.0, $0.1, $0.2, .diagonal, judged: $0.0 != "ackley") }
    + [
      ("sphere_bnd", 5, 636), ("ellipsoid_bnd", 5, 982), ("sphere_bnd", 20, 4779),
      ("ellipsoid_bnd", 20, 10_332), ("sphere_bnd", 40, 12_226),
    ].map { bounded($0.0, $0.1, $0.2) }
    + [
      ("sphere_int", 10, 1547), ("ellipsoid_int", 10, 2802), ("sphere_onemax", 10, 1006),
      ("ellipsoid_onemax", 10, 1840), ("sphere_int", 20, 3124), ("ellipsoid_int", 20, 7554),
      ("sphere_onemax", 20, 2046),
    ].map { mixed($0.0, $0.1, $0.2) }
    + [
      ("mc_proximity", (5, 0, 5), 1229), ("mc_proximity", (10, 0, 10), 2367),
      ("sphere_com", (5, 0, 5), 974), ("sphere_com", (20, 0, 20), 4013),
      ("sphere_int_com", (5, 5, 5), 1820), ("sphere_int_com", (10, 10, 10), 3797),
      ("rosenbrock_clo", (5, 0, 5), 2739),
    ].map { categorical($0.0, $0.1, $0.2) }
    + [
      restarting("rastrigin", 5, 14_260, .ipop), restarting("rastrigin", 5, 23_607, .bipop),
    ]

  private static let full: [(String, Int, Double)] = [
    ("sphere", 5, 720), ("ellipsoid", 5, 1454), ("rot_ellipsoid", 5, 1453), ("discus", 5, 1292),
    ("diff_powers", 5, 1370), ("ackley", 5, 1392), ("sphere", 20, 2728), ("ellipsoid", 20, 12_733),
    ("rot_ellipsoid", 20, 12_854), ("discus", 20, 7446), ("diff_powers", 20, 12_744),
    ("ackley", 20, 5058), ("sphere", 40, 5170), ("rot_ellipsoid", 40, 48_482), ("ackley", 40, 9267),
  ]

  private static let separable: [(String, Int, Double)] = [
    ("sphere", 5, 612), ("ellipsoid", 5, 1224), ("sphere", 20, 2506), ("ellipsoid", 20, 5726),
    ("ackley", 20, 4502), ("sphere", 40, 4910), ("ellipsoid", 40, 14_026),
  ]

  /// nil: the same as ours.
  private static func packagePopulation(_ n: Int) -> Int? {
    n < 30 ? nil : defaultPopulationSize(numeric: n, categorical: 0) / 2
  }

  private static func continuous(
    _ name: String, _ n: Int, _ figure: Double,
    _ covariance: OptimizerSettings.CovarianceChoice = .full, share: Double = 1,
    judged: Bool = true
  ) -> SuiteCase {
    SuiteCase(
      set: covariance == .full ? .continuous : .diagonal, problem: name, size: "\(n)",
      settings: OptimizerSettings(
        budget: [5: 20_000, 20: 100_000][n] ?? 200_000, populationSize: packagePopulation(n),
        covariance: covariance),
      figure: figure, factor: judged ? 1.3 : nil, share: judged ? share : 0
    ) { try .continuous(name, n, run: $0) }
  }

  private static func bounded(_ name: String, _ n: Int, _ figure: Double) -> SuiteCase {
    SuiteCase(
      set: .bounded, problem: name, size: "\(n)",
      settings: OptimizerSettings(
        budget: n == 40 ? 40_000 : 20_000, populationSize: packagePopulation(n), covariance: .full),
      figure: figure, factor: 1.3, share: 1
    ) { try .bounded(name, n, run: $0) }
  }

  private static func mixed(_ name: String, _ n: Int, _ figure: Double) -> SuiteCase {
    SuiteCase(
      set: .mixed, problem: name, size: "\(n)",
      settings: OptimizerSettings(budget: 20_000, covariance: .full), figure: figure,
      factor: name.hasPrefix("ellipsoid_one") ? nil : 1.5, share: 0.9
    ) { try .mixed(name, n, run: $0) }
  }

  private static func categorical(
    _ name: String, _ counts: (Int, Int, Int), _ figure: Double
  ) -> SuiteCase {
    SuiteCase(
      set: .categorical, problem: name, size: "\(counts.0)+\(counts.1)+\(counts.2)",
      settings: OptimizerSettings(budget: 10_000, covariance: .full), figure: figure,
      factor: name == "rosenbrock_clo" ? nil : 1.5, share: name == "rosenbrock_clo" ? 0 : 0.9
    ) {
      try .categorical(
        name, reals: counts.0, integers: counts.1, categories: counts.2, choices: 5, run: $0)
    }
  }

  private static func restarting(
    _ name: String, _ n: Int, _ figure: Double, _ restarts: OptimizerSettings.Restarts
  ) -> SuiteCase {
    SuiteCase(
      set: .restarts, problem: "\(name), \(restarts.rawValue)", size: "\(n)",
      settings: OptimizerSettings(budget: 100_000, covariance: .full, restarts: restarts),
      figure: figure, factor: nil, share: 0.9
    ) { try .continuous(name, n, run: $0) }
  }
}

/// What some runs of one case came to.
package struct SuiteOutcome: Sendable {
  /// Evaluations of the successful runs, ascending.
  package let reached: [Int]
  package let runs: Int
  /// All evaluations, the missed runs at their budgets, per success; nil: no success.
  package let expectedRunningTime: Double?

  package init(_ results: [Int?], budget: Int) {
    reached = results.compactMap { $0 }.sorted()
    runs = results.count
    let total = results.reduce(0) { $0 + ($1 ?? budget) }
    expectedRunningTime = reached.isEmpty ? nil : Double(total) / Double(reached.count)
  }

  package var median: Double? {
    guard !reached.isEmpty else { return nil }
    let middle = reached.count / 2
    return reached.count.isMultiple(of: 2)
      ? Double(reached[middle - 1] + reached[middle]) / 2 : Double(reached[middle])
  }

  /// Whether enough runs succeeded, fast enough.
  package func keeps(_ row: SuiteCase) -> Bool {
    guard let median, Double(reached.count) >= row.share * Double(runs) else {
      return row.share == 0
    }
    return row.factor.map { median <= $0 * row.figure } ?? true
  }
}

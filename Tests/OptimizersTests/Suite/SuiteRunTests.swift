import Optimizers
import SearchSpaces
import Testing

#if DEBUG
  private let isRelease = false
#else
  private let isRelease = true
#endif

/// Whole runs of the suite inside the acceptance bands of optimizers.md §16.8.
///
/// Debug builds take a few seeds of the small problems; release builds take fifteen of each.
@Suite("Suite runs stay in their bands") struct SuiteRunTests {
  static let seeds: ClosedRange<UInt64> = 1...(isRelease ? 15 : 2)

  struct Band: CustomTestStringConvertible, Sendable {
    let name: String
    let budget: Int
    let covariance: OptimizerSettings.CovarianceChoice
    /// Largest median of the successful runs.
    let median: Double
    /// Least share of successful runs.
    let share: Double
    let problem: @Sendable (UInt64) throws -> SuiteProblem?
    var testDescription: String { "\(name), \(covariance.rawValue)" }
  }

  static func continuous(
    _ name: String, _ n: Int, _ figure: Double, share: Double = 1,
    _ covariance: OptimizerSettings.CovarianceChoice = .full
  ) -> Band {
    Band(
      name: "\(name) \(n)", budget: 5000 * n, covariance: covariance, median: 1.3 * figure,
      share: share
    ) { try .continuous(name, n, run: $0) }
  }

  static func bounded(_ name: String, _ n: Int, _ figure: Double) -> Band {
    Band(name: "\(name) \(n)", budget: 20_000, covariance: .full, median: 1.3 * figure, share: 1) {
      try .bounded(name, n, run: $0)
    }
  }

  static func mixed(_ name: String, _ n: Int, _ figure: Double) -> Band {
    Band(
      name: "\(name) \(n)", budget: 20_000, covariance: .full, median: 1.5 * figure, share: 0.9
    ) { try .mixed(name, n, run: $0) }
  }

  static func categorical(_ name: String, _ counts: (Int, Int, Int), _ figure: Double) -> Band {
    Band(
      name: "\(name) \(counts)", budget: 10_000, covariance: .full, median: 1.5 * figure,
      share: 0.9
    ) {
      try .categorical(
        name, reals: counts.0, integers: counts.1, categories: counts.2, choices: 5, run: $0)
    }
  }

  static func check(_ band: Band) throws {
    let runs = try seeds.map { seed in
      try #require(try band.problem(seed)).evaluationsToTarget(
        covariance: band.covariance, budget: band.budget, seed: seed)
    }
    let reached = runs.compactMap { $0 }.sorted()
    #expect(Double(reached.count) >= band.share * Double(runs.count), "\(band.name): \(runs)")
    let median = try #require(reached.isEmpty ? nil : reached[reached.count / 2])
    #expect(Double(median) <= band.median, "\(band.name): \(reached)")
  }

  static let small = [
    continuous("sphere", 5, 720), continuous("discus", 5, 1292),
    continuous("sphere", 5, 612, .diagonal), continuous("ellipsoid", 5, 1224, .diagonal),
    bounded("sphere_bnd", 5, 636), mixed("sphere_onemax", 10, 1006),
    categorical("sphere_com", (5, 0, 5), 974),
  ]

  @Test("small problems", arguments: small) func smallProblem(band: Band) throws {
    try Self.check(band)
  }

  static let large = [
    continuous("ellipsoid", 5, 1454), continuous("rot_ellipsoid", 5, 1453),
    continuous("diff_powers", 5, 1370), continuous("ackley", 5, 1392),
    continuous("rosenbrock", 5, 1942, share: 0.7), continuous("sphere", 20, 2728),
    continuous("rot_ellipsoid", 20, 12_854), continuous("sphere", 20, 2506, .diagonal),
    continuous("ellipsoid", 20, 5726, .diagonal), bounded("ellipsoid_bnd", 5, 982),
    bounded("sphere_bnd", 20, 4779), mixed("sphere_int", 10, 1547),
    mixed("ellipsoid_int", 10, 2802), mixed("sphere_int", 20, 3124),
    categorical("mc_proximity", (5, 0, 5), 1229), categorical("sphere_int_com", (5, 5, 5), 1820),
    categorical("sphere_com", (20, 0, 20), 4013),
  ]

  @Test("all problems", .enabled(if: isRelease), arguments: large) func anyProblem(band: Band)
    throws
  {
    try Self.check(band)
  }

  @Test(
    "the merge-like objective after 1000 evaluations", .enabled(if: isRelease),
    arguments: [(nil, 0.40), (6, 0.33)] as [(Int?, Double)])
  func merge(knots: Int?, largest: Double) throws {
    let search = try MergeLikeSearch(knots: knots)
    let values = try Self.seeds.map { seed in
      try search.run("auto", settings: OptimizerSettings(budget: 1000), seed: seed).mean
    }.sorted()
    #expect(values[values.count / 2] <= largest, "\(values)")
  }
}

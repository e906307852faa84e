import OptimizerSuite
import Optimizers
import Testing

#if DEBUG
  private let isRelease = false
#else
  private let isRelease = true
#endif

/// Whole runs of the suite inside the acceptance bands of optimizers.md §16.8.
///
/// Debug builds take two seeds of the small problems; release builds take fifteen of every problem that
/// a few seconds allow. `make suite` runs them all, beside the public packages.
@Suite("Suite runs stay in their bands") struct SuiteRunTests {
  static let seeds: ClosedRange<UInt64> = 1...(isRelease ? 15 : 2)

  static let cases = SuiteCase.all.filter { row in
    isRelease ? row.figure <= 13_000 && row.set != .restarts : row.figure <= 1300
  }

  @Test("evaluations to the target", arguments: cases) func band(row: SuiteCase) throws {
    let outcome = SuiteOutcome(
      try Self.seeds.map { try row.run(seed: $0) }, budget: row.settings.budget)
    #expect(outcome.keeps(row), "\(outcome.reached) of \(outcome.runs)")
  }

  @Test(
    "restarts solve what a single run does not", .enabled(if: isRelease),
    arguments: SuiteCase.all.filter { $0.set == .restarts })
  func restarts(row: SuiteCase) throws {
    let runs = try (1...4 as ClosedRange<UInt64>).map { try row.run(seed: $0) }
    #expect(runs.compactMap { $0 }.count >= 3, "\(runs)")
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

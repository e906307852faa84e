import Randomness

/// With what population and step size CMA-ES begins anew once a run has ended.
///
/// IPOP doubles the population every time. BIPOP alternates two regimes, each with an evaluation
/// account of its own; the next run goes to the one that has used less, and the first run counts
/// for neither.
/// Reference: Auger and Hansen, CEC 2005; Hansen, GECCO 2009 workshop (BIPOP).
struct RestartSchedule: Sendable, Codable {
  /// What a run has come to.
  struct Standing: Sendable, Codable {
    /// Median cost of its last generation, lower is better.
    let cost: Double
    let recommendation: Recommendation
  }

  struct Run: Sendable, Codable, Hashable {
    let populationSize: Int
    let sigma: Double
  }

  private enum Regime: String, Sendable, Codable { case first, large, small }

  private let alternates: Bool
  private let first: Run
  /// Population of the last large run.
  private var largePopulation: Int
  private var regime = Regime.first
  /// Evaluations of the present run.
  private var evaluations = 0
  private var lastLargeRun = 0
  private var spentOnLarge = 0
  private var spentOnSmall = 0
  /// The best of the runs that have ended.
  private(set) var incumbent: Standing?

  /// Doubling stops here, far beyond any budget.
  private static let largest = 1 << 20

  /// nil: without restarts.
  init?(_ strategy: OptimizerSettings.Restarts, populationSize: Int, sigma: Double) {
    guard strategy != .none else { return nil }
    alternates = strategy == .bipop
    first = Run(populationSize: populationSize, sigma: sigma)
    largePopulation = populationSize
  }

  mutating func count(_ evaluations: Int) { self.evaluations += evaluations }

  /// Whether a small run has used half the evaluations of the last large one.
  var isRunSpent: Bool { regime == .small && 2 * evaluations >= lastLargeRun }

  /// Closes the present run's account and opens the next one's.
  ///
  /// `run` numbers the run that begins; with `seed` it addresses the random numbers of a small one.
  mutating func next(after standing: Standing?, seed: UInt64, run: Int) -> Run {
    if let standing, standing.cost < incumbent?.cost ?? .infinity { incumbent = standing }
    switch regime {
    case .first: break
    case .large:
      spentOnLarge += evaluations
      lastLargeRun = evaluations
    case .small: spentOnSmall += evaluations
    }
    evaluations = 0
    guard alternates, spentOnSmall < spentOnLarge else {
      regime = .large
      largePopulation = min(2 * largePopulation, Self.largest)
      return Run(populationSize: largePopulation, sigma: first.sigma)
    }
    regime = .small
    let stream = RandomStream(seed: seed, purpose: .initialDesign, run: run, candidate: 1)
    let (u1, u2) = (stream.uniform(at: 0), stream.uniform(at: 1))
    let least = Double(first.populationSize)
    let size = least * Deterministic.power(0.5 * Double(largePopulation) / least, u1 * u1)
    return Run(
      populationSize: max(4, Int(size.rounded(.down))),
      sigma: first.sigma * Deterministic.power(10, -2 * u2))
  }
}

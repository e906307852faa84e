public import Diagnostics
import SearchSpaces

/// The table of algorithms a search file may name.
public enum Algorithms {
  public struct Entry: Sendable {
    public let summary: String
    /// Whether a mean and most probable categories come of it, for finalists.
    public var hasDistribution: Bool { type == CatCMA.self }
    let type: any Optimizer.Type
    let make: @Sendable (SearchSpace, OptimizerSettings, UInt64) throws(Diagnostic) -> any Optimizer
  }

  public static let all = Registry<Entry>(
    "algorithm",
    [
      entry("auto", "CatCMA with Margin; plain CMA-ES where nothing is discrete", CatCMA.self),
      entry(CatCMA.name, "CatCMA with Margin: reals, integers and categories", CatCMA.self),
      cma("cma-es", "CMA-ES with a full covariance", .full),
      cma("sep-cma-es", "CMA-ES with a diagonal covariance", .diagonal),
      entry(NSGA2.name, "a Pareto front of several objectives", NSGA2.self),
      entry(RandomSearch.name, "candidates uniform over the space", RandomSearch.self),
      random(
        "latin-hypercube", "candidates spread evenly over the space, for 20 parameters at most",
        .latinHypercube),
      random(
        "random-start", "candidates from the initial distribution, the control of a search", .start),
    ])

  private static func entry(
    _ name: String, _ summary: String, _ type: (some Optimizer).Type
  ) -> (name: String, entry: Entry) {
    (
      name,
      Entry(summary: summary, type: type) { space, settings, seed throws(Diagnostic) in
        try type.init(space: space, settings: settings, seed: seed)
      }
    )
  }

  private static func random(
    _ name: String, _ summary: String, _ source: InitialDesign.Source
  ) -> (name: String, entry: Entry) {
    (
      name,
      Entry(summary: summary, type: RandomSearch.self) { space, settings, seed throws(Diagnostic) in
        if source != .start { try settings.refuse([.restarts, .warmStart], of: name) }
        return try RandomSearch(space: space, settings: settings, seed: seed, source: source)
      }
    )
  }

  /// CMA-ES proper: the covariance is fixed by the name, and categories are refused.
  private static func cma(
    _ name: String, _ summary: String, _ covariance: OptimizerSettings.CovarianceChoice
  ) -> (name: String, entry: Entry) {
    (
      name,
      Entry(summary: summary, type: CatCMA.self) { space, settings, seed throws(Diagnostic) in
        for parameter in space.parameters {
          if case .categorical(let choices, _) = parameter.kind, choices.count > 1 {
            throw Diagnostic(
              "cannot choose '\(parameter.name)' among \(choices.count) categories",
              at: "algorithm '\(name)'", fix: "use 'auto' or '\(CatCMA.name)'")
          }
        }
        var fixed = settings
        fixed.covariance = covariance
        return try CatCMA(space: space, settings: fixed, seed: seed)
      }
    )
  }
}

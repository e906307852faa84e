import OptimizerSuite
import Optimizers

/// The merge-like objective (optimizers.md §15.7): the true error of the distribution's mean.
enum MergeTable {
  /// Whether the figures keep to their bands.
  static func show(_ options: Options, _ peers: Peers?) throws -> Bool {
    print("\nMerge-like objective A, true error of the mean after 1000 evaluations, median\n")
    Table.line(["parameters", "", "ours", "pycma", "cmaes", "", "band", ""])
    let results = try peers?.merge() ?? [:]
    var hasKept = true
    for (name, knots, band) in [("per layer", nil, 0.40), ("6 knots", 6, 0.33)]
      as [(String, Int?, Double)]
    {
      let search = try MergeLikeSearch(knots: knots)
      let values = try (1...UInt64(options.seeds)).map { seed in
        try search.run("auto", settings: OptimizerSettings(budget: 1000), seed: seed).mean
      }.sorted()
      let median = values[values.count / 2]
      hasKept = hasKept && median <= band
      Table.line([
        name, "", digits(median), results[name]?["pycma"] ?? "–", results[name]?["cmaes"] ?? "–",
        "", "≤ \(band)", median <= band ? "" : "OUT OF BAND",
      ])
    }
    return hasKept
  }

  private static func digits(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}

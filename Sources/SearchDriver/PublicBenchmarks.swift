/// Names of tasks whose questions are public, so that a search on their test split proves nothing.
enum PublicBenchmarks {
  /// As mergekit-evolve refuses them.
  private static let prefixes = [
    "mmlu", "hendrycks", "agieval", "gsm8k", "hellaswag", "winogrande", "arc_", "ai2_arc",
    "truthfulqa", "bigbench", "piqa", "openbookqa", "leaderboard",
  ]

  /// Whether a task of this name looks like such a benchmark; training splits are fair game.
  static func contains(_ task: String) -> Bool {
    let name = task.lowercased()
    return !name.hasSuffix("_train") && prefixes.contains { name.hasPrefix($0) }
  }
}

import Architectures
import Checkpoints
import Diagnostics
import Evaluation
import MergeEngine
import SearchSpaces
import Tasks

extension SearchInputs {
  /// Candidates that are scored together: as many as their activations fit into memory, at most eight.
  ///
  /// Only commits depend on it, never a result.
  var waveSize: Int {
    let model = base.configuration
    // The residual stream of every computed token stays for as long as the wave's layers are worked off.
    let bytes = prepared.search.forestTokens * model.hiddenSize * 2 * 4
    return max(1, min(8, memory / 2 / max(1, bytes)))
  }

  /// Size of the store at the end: items in columns, and a recipe per candidate.
  func estimatedStoreBytes(evaluations: Int) -> Int {
    let items = Split.allCases.map { split in
      tasks.reduce(0) { $0 + $1.itemCount(in: split) }
    }
    let perCandidate = items[0] * 12 + 4_000
    let judged = 1 + experts.count + simpleMerges.count + settings.finalistCost.made
    return evaluations * perCandidate + judged * items.reduce(0, +) * 60 + 200_000
  }

  /// What people should think about before they start.
  var warnings: [String] {
    var warnings: [String] = []
    let tests = tasks.reduce(0) { $0 + $1.itemCount(in: .test) }
    if tests < 100 {
      warnings.append("only \(tests) test items: the verdict's interval will be wide")
    }
    for task in tasks where PublicBenchmarks.contains(task.name) {
      warnings.append(
        "task '\(task.name)' has the name of a public benchmark: a search on its test questions proves "
          + "nothing; use its training split (and call the task '\(task.name)_train')")
    }
    return warnings
  }
}

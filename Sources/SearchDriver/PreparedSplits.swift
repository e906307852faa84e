import Checkpoints
import Diagnostics
import Evaluation
import PopulationStore
import Tasks

/// The requests of every split, in the ways in which a search decodes them.
struct PreparedSplits: Sendable {
  /// As the optimizer's scores are made: nothing is decoded that can be proved.
  let search: PreparedEvaluation
  /// The search split in the manner of the other two, for the optimism gap.
  let judgedSearch: PreparedEvaluation
  let validation: PreparedEvaluation
  let test: PreparedEvaluation

  init(_ evaluator: Evaluator) throws {
    search = try evaluator.prepare([.search], standard: .never, tellsOptimizer: true)
    judgedSearch = try evaluator.prepare([.search], standard: .unproved)
    validation = try evaluator.prepare([.validation], standard: .unproved)
    test = try evaluator.prepare([.test], standard: .unproved)
  }

  /// Checks that a model knows every token of all splits' texts.
  ///
  /// - Throws: ``Diagnostic`` at the tokenizer.
  func checkVocabulary(of config: ConfigFile, tokenizerFolder: String) throws(Diagnostic) {
    for prepared in [search, validation, test] {
      try prepared.checkVocabulary(of: config, tokenizerFolder: tokenizerFolder)
    }
  }

  subscript(manner: ScoringManner) -> PreparedEvaluation {
    switch manner.split {
    case .search: manner.decode == .never ? search : judgedSearch
    case .validation: validation
    case .test: test
    }
  }

  subscript(split: BenchmarkSplit) -> PreparedEvaluation {
    switch split {
    case .search: search
    case .validation: validation
    case .test: test
    }
  }
}

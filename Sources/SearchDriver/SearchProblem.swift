import Diagnostics
import Foundation
import Optimizers
import PopulationStore
import SearchSpaces

/// What the generations of a search are made of: a space, an optimizer over it, and candidates.
protocol SearchProblem: Sendable {
  var configuration: SearchConfiguration { get }
  var space: SearchSpace { get }

  /// An optimizer before its first generation; `start` is where its distribution begins, nil: where the
  /// space says.
  func makeOptimizer(seed: UInt64, start: Genome?) throws -> AnyOptimizer

  /// A candidate of the space, not yet in the store.
  func newCandidate(_ genome: Genome, kind: Candidate.Kind, name: String?) throws -> NewCandidate

  /// The seed of a candidate's random masks; 0 where nothing is random.
  func maskSeed(of candidate: Candidate) -> UInt64

  /// Scores that the optimizer is told of each candidate.
  var objectives: Int { get }

  /// What the optimizer is told of a score on the search split, each higher is better; as many as there
  /// are objectives.
  func toldScores(of evaluation: Evaluation, _ search: StoredSearch) throws -> [Double]

  /// What a candidate costs that sees all that is asked of it, in full passes over the search split.
  var passShare: Double { get }

  /// A task's score turned so that higher is better; `task` is its index.
  func utility(of score: Double, inTask task: Int) -> Double
}

extension SearchProblem {
  var passShare: Double { 1 }

  func encode(_ optimizer: AnyOptimizer) throws -> Data {
    Data(try canonicalJSON(optimizer).utf8)
  }

  func decodeOptimizer(_ state: Data, at location: String) throws -> AnyOptimizer {
    try decodeJSON(AnyOptimizer.self, String(decoding: state, as: UTF8.self), at: location)
  }
}

extension SearchInputs: SearchProblem {
  var space: SearchSpace { mergeSpace.space }
}

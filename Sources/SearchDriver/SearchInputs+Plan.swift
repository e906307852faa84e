import Diagnostics
import Evaluation
import Foundation
import Optimizers
import PopulationStore
import Recipes
import SearchSpaces
import Tasks

extension SearchInputs {
  func makeOptimizer(seed: UInt64, start: Genome?) throws -> AnyOptimizer {
    var optimizerSettings = OptimizerSettings(
      budget: settings.spaceBudget, populationSize: settings.populationSize,
      restarts: settings.restarts ?? .none, objectives: objectives,
      warmStart: settings.warmStart)
    if let start { optimizerSettings.start(at: start, in: mergeSpace.space) }
    return try AnyOptimizer(
      configuration.algorithm, space: mergeSpace.space, settings: optimizerSettings, seed: seed,
      at: "\(configuration.file): search.algorithm")
  }

  /// What is fixed at the creation of a search.
  func plan() throws -> Plan {
    let optimizer = try makeOptimizer(seed: configuration.seed, start: nil)
    var settings = settings
    settings.layers = outline.layerCount
    return Plan(
      space: try canonicalJSON(mergeSpace.space), algorithm: configuration.algorithm,
      covariance: optimizer.covariance, population: optimizer.populationSize,
      racing: settings.blocks?.races ?? false,
      settings: try canonicalJSON(settings))
  }

  /// The budget of a search with this many evaluations.
  func budget(evaluations: Int) -> Budget {
    Budget(
      evaluations: evaluations, timeLimit: configuration.timeLimit,
      reserve: settings.finalistCost.reserve(of: evaluations))
  }

  /// The inputs and the budget of a search whose time limit is all that is known.
  ///
  /// `seconds` of running time are left, and a pass over the search split takes `pass` seconds.
  func planned(
    forSeconds seconds: Double, pass: Double
  ) throws -> (inputs: SearchInputs, budget: Budget) {
    let cost = settings.finalistCost
    let testPasses =
      Double(prepared.test.requestedTokens)
      / Double(max(1, prepared.search.requestedTokens))
    // Validation of baselines, test of parents, simple merge and winner; decoding doubles it.
    let judged = Double(family.count + simpleMerges.count) * cost.validationPasses
    let overhead = 2 * (judged + Double(experts.count + 3) * (testPasses + 1))
    let affordable = seconds / max(pass, 1e-6) - overhead
    let evaluations = max(cost.smallestBudget, Int(min(affordable, 1e8)))
    var settings = settings
    settings.spaceBudget = Int(Double(evaluations) - cost.reserve(of: evaluations))
    let inputs = try replacing(settings: settings)
    return (inputs, inputs.budget(evaluations: evaluations))
  }

  func newCandidate(
    _ genome: Genome, kind: Candidate.Kind, name: String?
  ) throws -> NewCandidate {
    let document = try mergeSpace.document(
      for: genome, maskSeed: configuration.seed, location: "candidate")
    return NewCandidate(
      kind: kind, name: name, genome: genome, recipe: document.yaml,
      fingerprint: mergeSpace.space.fingerprint(genome))
  }
}

public import Diagnostics
public import Recipes

/// A search space whose genomes mean recipes.
public protocol RecipeSpace: Sendable {
  var space: SearchSpace { get }
  var models: MergeModels { get }
  /// Methods, profile and parameters in a line.
  var describe: String { get }

  /// What a genome means, with this seed for random masks; messages put `location` first.
  ///
  /// - Throws: ``Diagnostic`` if the genome is not a point of the space.
  func document(
    for genome: Genome, maskSeed: UInt64, location: String
  ) throws(Diagnostic) -> RecipeDocument

  /// The genome that merges as `document` does, every number alike at all depths; nil if the space has
  /// none, or if its start is not for the program to choose.
  func genome(expressing document: RecipeDocument) -> Genome?
}

extension MergeSpace: RecipeSpace {}

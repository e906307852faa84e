import Randomness
import Recipes
import Synchronization

/// Which recipes draw random masks: asked several times of every candidate, parsed once.
final class StochasticRecipes: Sendable {
  /// By the hash of the recipe's text.
  private let known = Mutex<[UInt64: Bool]>([:])

  /// False for a text that is no recipe.
  func contains(_ text: String) -> Bool {
    let hash = fnv1a64(text.utf8)
    if let known = known.withLock({ $0[hash] }) { return known }
    let document = try? RecipeDocument.parse(text: text, location: "recipe")
    let isStochastic = document?.stages.contains(where: \.method.isStochastic) ?? false
    known.withLock { $0[hash] = isStochastic }
    return isStochastic
  }
}

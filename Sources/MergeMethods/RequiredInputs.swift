import Diagnostics
import Recipes

extension ParameterValues {
  /// The base among the inputs of a method that cannot do without.
  ///
  /// - Throws: ``Diagnostic`` if it lacks the tensor.
  func requiredBase(_ site: MergeSite) throws(Diagnostic) -> Int {
    guard let base = site.base else {
      throw problem(
        "base_model has no such tensor", fix: "use a base_model with the models' architecture")
    }
    return base
  }

  /// The base and the only other input.
  ///
  /// - Throws: ``Diagnostic`` if there are more or fewer.
  func requiredPair(_ site: MergeSite, of method: String) throws(Diagnostic) -> (
    base: Int, other: Int
  ) {
    let models = site.models
    guard let base = site.base, models.count == 1 else {
      throw problem(
        "\(method) needs base_model and one other model, but \(site.inputCount) have this tensor",
        fix: "use models that all have the tensor")
    }
    return (base, models[0])
  }
}

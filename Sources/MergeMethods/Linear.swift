public import Diagnostics
import Kernels
public import Recipes

/// Weighted average, or weighted sum, of the models: `Σ w·x / Σ w`.
///
/// Reference: <https://arxiv.org/abs/2203.05482>
public struct Linear: MergeMethod {
  public static let declaration = MethodDeclaration.linear

  let weights: [Float]
  let divisor: Float

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    weights = try values.perModel(.weight).map { Float($0) }
    guard try values.boolean(.normalize) else {
      divisor = 1
      return
    }
    divisor = weights.reduce(0, +)
    // What rounding leaves of weights that cancel is no divisor either.
    let scale = weights.reduce(0) { $0 + abs($1) }
    guard abs(divisor) > 1e-6 * scale else {
      let list = weights.map(\.description).joined(separator: ", ")
      throw values.problem(
        "the weights \(list) sum to 0, so they cannot be normalized",
        fix: "change a weight, or set 'normalize: false'")
    }
  }

  public func prepare(_ survey: some TensorSurvey) -> any RangeMerge {
    var terms = weights.enumerated().filter { $1 != 0 }.map { (input: $0, weight: $1) }
    if terms.isEmpty { terms = [(0, 0)] }
    return WeightedSum(
      operands: terms.map(\.input), weights: terms.map(\.weight), divisor: divisor)
  }
}

/// `Σ w·x / divisor`, added up in order of the operands.
///
/// A zero starts the sum, so leaving out an input of weight 0 changes no bit.
struct WeightedSum: RangeMerge {
  let operands: [Int]
  let weights: [Float]
  let divisor: Float

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    output.update(repeating: 0)
    for (row, weight) in weights.enumerated() {
      stack.accumulate(row, weight: weight, into: &output)
    }
    if divisor != 1 { divide(&output, by: divisor) }
  }
}

public import Diagnostics
import Kernels
public import Recipes

/// One model's tensors, unchanged or multiplied by `scale`.
public struct Passthrough: MergeMethod {
  public static let declaration = MethodDeclaration.passthrough

  let scale: Float?

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    scale = try values.optionalPerModel(.scale).first.flatMap { $0 }.map { Float($0) }
  }

  public func prepare(_ survey: some TensorSurvey) -> any RangeMerge {
    guard let scale else { return CopiedInput(0) }
    return ScaledInput(factor: scale)
  }
}

/// The first input times a factor.
struct ScaledInput: RangeMerge {
  let factor: Float
  let operands = [0]

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    stack.copy(0, into: &output)
    multiply(&output, by: factor)
  }
}

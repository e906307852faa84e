public import Diagnostics
import Kernels
public import Recipes

/// The base, drawn to another model element by element, the more the nearer the two are.
public struct Nearswap: MergeMethod {
  public static let declaration = MethodDeclaration.nearswap

  let t: Float
  let pair: (base: Int, other: Int)

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    t = Float(try values.real(.t))
    pair = try values.requiredPair(site, of: "nearswap")
  }

  public func prepare(_ survey: some TensorSurvey) -> any RangeMerge {
    t > 0 ? SwappedNear(operands: [pair.base, pair.other], t: t) : CopiedInput(pair.base)
  }
}

/// `s·x + (1 − s)·base` with `s = t / |x − base|`, at most 1.
struct SwappedNear: RangeMerge {
  let operands: [Int]
  let t: Float

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    stack.swapNear(0, 1, t: t, into: &output)
  }
}

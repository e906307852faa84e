public import Diagnostics
import Kernels
public import Recipes
import Tensors

/// The base, with the other model's elements where their difference, weighted by how far the rows' softmax
/// diverge, stands out.
///
/// Quartiles are exact for tensors of any size; mergekit samples those of more than 1,000,000 elements.
public struct ArceeFusion: MergeMethod {
  public static let declaration = MethodDeclaration.arceeFusion

  let pair: (base: Int, other: Int)
  let rowLength: Int

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    pair = try values.requiredPair(site, of: "arcee_fusion")
    rowLength = max(1, site.shape.dimensions.last ?? 1)
  }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    let operands = [pair.other, pair.base]
    let divergences = try survey.measure([
      Measurement(RowDivergences(rowLength: rowLength), of: operands)
    ])[0]
    let factors = RowFactors(rowLength: rowLength, values: divergences)
    let count = survey.elementCount
    // Positions trunc(q · (n − 1)) of the ascending order, counted from the other end.
    let quartiles = try survey.select(
      (1...3).map { quarter in
        SelectionRequest(
          quantity: .importance(factors), operands: operands,
          count: count - quarter * (count - 1) / 4, wantsLeast: true)
      })
    let levels = quartiles.map { Double(Float(bitPattern: $0.limit.cut)) }
    return ChosenByImportance(
      operands: [pair.base, pair.other], factors: factors,
      threshold: levels[1] + 1.5 * (levels[2] - levels[0]))
  }
}

/// The second input where its weighted distance from the first reaches a threshold, the first elsewhere.
struct ChosenByImportance: RangeMerge {
  let operands: [Int]
  let factors: RowFactors
  let threshold: Double

  var byteCount: Int { 8 * factors.values.count }

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    stack.measureImportance(
      of: 1, from: 0, rowFactors: factors.values, rowLength: factors.rowLength)
    stack.choose(1, over: 0, fromImportance: threshold, into: &output)
  }
}

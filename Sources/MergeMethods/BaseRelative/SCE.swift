public import Diagnostics
import Kernels
public import Recipes

/// Selects the elements that vary most between the models, erases differences of the minority sign, and
/// calculates the models' shares from the mean squares of what was selected.
///
/// Reference: <https://arxiv.org/abs/2408.07990>
public struct SCE: MergeMethod {
  public static let declaration = MethodDeclaration.sce

  let base: Int
  let models: [Int]
  let selected: Double

  public init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    base = try values.requiredBase(site)
    models = site.models
    selected = try values.real(.selectTopK)
  }

  private var operands: [Int] { models + [base] }

  public func prepare(_ survey: some TensorSurvey) throws -> any RangeMerge {
    if models.isEmpty { return CopiedInput(base) }
    let squares = VarianceSquares(models: models.count)
    guard selected < 1 else {
      let sums = try survey.measure([Measurement(squares, of: operands)])[0].total()
      return merge(
        sums, MergeStack.MagnitudeLimit(cut: 0, tieLimit: .max), survey)
    }
    let count = try selectedCount(survey)
    guard count > 0 else { return CopiedInput(base) }
    let limit = try survey.select([
      SelectionRequest(quantity: .variance, operands: operands, count: count)
    ])[0].limit
    let bin = Int(limit.cut >> 15)
    let all = try survey.measure([Measurement(squares, of: operands)])[0]
    let rest = try survey.measure([
      Measurement(
        SelectedSquares(models: models.count, bin: bin, limit: limit), of: operands)
    ])[0]
    return merge(zip(all.total(above: bin), rest).map { $0 + $1 }, limit, survey)
  }

  /// `trunc(q · select_topk)` in single precision, q being the number of elements that vary at all.
  private func selectedCount(_ survey: some TensorSurvey) throws -> Int {
    guard selected > 0 else { return 0 }
    let zeros = try survey.measure([Measurement(ZeroVariances(), of: operands)])[0]
    let varying = survey.elementCount - zeros
    return min(varying, Int(Float(varying) * Float(selected)))
  }

  private func merge(
    _ squares: [Double], _ limit: MergeStack.MagnitudeLimit, _ survey: some TensorSurvey
  ) -> any RangeMerge {
    let means = squares.map { $0 / Double(survey.elementCount) }
    let sum = means.reduce(0, +)
    let shares = means.map { Float(sum < 1e-6 ? 1 / Double(models.count) : $0 / sum) }
    return SelectedFusion(operands: [base] + models, shares: shares, limit: limit)
  }
}

/// `base + Σ share·δ / Σ share` over the models that agree in sign, where the variance is within a limit.
struct SelectedFusion: RangeMerge {
  let operands: [Int]
  let shares: [Float]
  let limit: MergeStack.MagnitudeLimit

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    stack.fuse(
      Array(1..<operands.count), onto: 0, shares: shares, cut: limit.cut,
      tieLimit: limit.tieLimit, into: &output)
  }
}

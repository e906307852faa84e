import Diagnostics
import Kernels
import Recipes

/// The kernel that the task-vector methods share: differences from the base, thinned out model by
/// model, weighted, and summed with or without sign election.
struct TaskVectors: Sendable {
  /// One model's part.
  struct Term: Hashable, Sendable {
    let input: Int
    /// Position among the inputs of the slice other than the base.
    let position: Int
    let weight: Float
    let density: Double

    /// Whether it contributes something; else the model need not be read.
    var isActive: Bool { weight != 0 && density > 0 }
  }

  let site: MergeSite
  let base: Int
  let terms: [Term]
  let lambda: Float
  let normalize: Bool
  let rescale: Bool

  init(_ values: ParameterValues, for site: MergeSite) throws(Diagnostic) {
    base = try values.requiredBase(site)
    let weights = try values.perModel(.weight)
    let densities = try values.perModel(.density)
    self.site = site
    terms = site.positions.enumerated()
      .compactMap { input, position in position.map { (input, $0) } }
      .enumerated().map { index, place in
        Term(
          input: place.0, position: place.1, weight: Float(weights[index]),
          density: densities[index])
      }
    lambda = Float(try values.real(.lambda))
    normalize = try values.boolean(.normalize)
    rescale = try values.boolean(.rescale)
  }

  var activeTerms: [Term] { terms.filter(\.isActive) }

  /// The merge of the terms, of which `thinned` says what is kept and how it is rescaled.
  func merge(_ thinned: [ThinnedTerm], election: Bool) -> any RangeMerge {
    if election {
      return ElectedTaskVectors(
        base: base, terms: thinned, lambda: lambda, normalize: normalize)
    }
    // The divisor ignores how sparse the differences are.
    let sum = terms.reduce(0) { $0 + $1.weight }
    let divisor = normalize && abs(sum) >= 1e-8 ? sum : 1
    return SummedTaskVectors(base: base, terms: thinned, lambda: lambda, divisor: divisor)
  }
}

/// A term with all that any range of it needs.
struct ThinnedTerm: Hashable, Sendable {
  let input: Int
  let weight: Float
  let scale: Float
  let survivors: MergeStack.Survivors

  init(_ term: TaskVectors.Term, scale: Float = 1, keeping survivors: MergeStack.Survivors = .all) {
    input = term.input
    weight = term.weight
    self.scale = scale
    self.survivors = survivors
  }

  /// A whole difference.
  init(input: Int, weight: Float) {
    self.input = input
    self.weight = weight
    scale = 1
    survivors = .all
  }

  fileprivate var byteCount: Int {
    switch survivors {
    case .listed(let mask): mask.byteCount
    case .masked(_, _, let leading): leading?.count ?? 0
    default: 0
    }
  }
}

/// The factor that gives thinned differences the L1 norm of the whole.
///
/// Sums below 1e-7 are left alone, as mergekit leaves them.
func rescaling(whole: Double, kept: Double) -> Float {
  whole < 1e-7 || kept < 1e-7 ? 1 : Float(whole / kept)
}

/// `base + lambda · Σ w·δ / divisor`.
struct SummedTaskVectors: RangeMerge {
  let base: Int
  let terms: [ThinnedTerm]
  let lambda: Float
  let divisor: Float

  var operands: [Int] { [base] + terms.map(\.input) }
  var byteCount: Int { terms.reduce(0) { $0 + $1.byteCount } }

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    output.update(repeating: 0)
    for (index, term) in terms.enumerated() {
      stack.makeDelta(
        index + 1, from: 0, scale: term.scale, weight: term.weight, keeping: term.survivors)
      stack.accumulate(index + 1, weight: 1, into: &output)
    }
    if divisor != 1 { divide(&output, by: divisor) }
    stack.add(0, to: &output, lambda: lambda)
  }
}

/// `base + lambda ·` the disjoint merge of the weighted differences by sign election.
struct ElectedTaskVectors: RangeMerge {
  let base: Int
  let terms: [ThinnedTerm]
  let lambda: Float
  let normalize: Bool

  var operands: [Int] { [base] + terms.map(\.input) }
  var byteCount: Int { terms.reduce(0) { $0 + $1.byteCount } }

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    for (index, term) in terms.enumerated() {
      stack.makeDelta(
        index + 1, from: 0, scale: term.scale, weight: term.weight, keeping: term.survivors)
    }
    stack.elect(
      1..<terms.count + 1, weights: terms.map(\.weight), normalize: normalize, into: &output)
    stack.add(0, to: &output, lambda: lambda)
  }
}

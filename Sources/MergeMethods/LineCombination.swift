import Kernels

/// `Σ factor·x`, or `base + Σ factor·(x − base)`, with factors of each line of the tensor.
struct LineCombination: RangeMerge {
  /// The models, with their factors by line.
  struct Term {
    let input: Int
    let factors: [Float]
  }

  let operands: [Int]
  private let hasBase: Bool
  private let lines: Lines
  private let factors: [[Float]]

  init(_ terms: [Term], base: Int?, along lines: Lines) {
    hasBase = base != nil
    operands = (base.map { [$0] } ?? []) + terms.map(\.input)
    factors = terms.map(\.factors)
    self.lines = lines
  }

  var byteCount: Int { factors.reduce(0) { $0 + 4 * $1.count } }

  func merge(_ stack: inout MergeStack, into output: inout MutableSpan<Float>) {
    output.update(repeating: 0)
    let base = hasBase ? 0 : nil
    for (index, own) in factors.enumerated() {
      let row = index + (hasBase ? 1 : 0)
      switch lines {
      case .rows(let length):
        stack.accumulate(row, from: base, rowFactors: own, rowLength: length, into: &output)
      case .columns:
        stack.accumulate(row, from: base, columnFactors: own, into: &output)
      }
    }
    if let base { stack.add(base, to: &output, lambda: 1) }
  }
}

/// `Σ factor·x`, or `base + Σ factor·(x − base)`, of whole tensors.
func combination(_ terms: [(input: Int, factor: Double)], base: Int?) -> any RangeMerge {
  guard let base else {
    return WeightedSum(
      operands: terms.map(\.input), weights: terms.map { Float($0.factor) }, divisor: 1)
  }
  return SummedTaskVectors(
    base: base, terms: terms.map { ThinnedTerm(input: $0.input, weight: Float($0.factor)) },
    lambda: 1, divisor: 1)
}

public import Kernels

// The merges that one kernel computes; the others go through the rows of a stack.

extension RangeMerge {
  public var direct: DirectMerge? { nil }
}

extension WeightedSum {
  var direct: DirectMerge? { DirectMerge(weights: weights, divisor: divisor) }
}

extension CopiedInput {
  public var direct: DirectMerge? { DirectMerge(copyingTimes: nil) }
}

extension ScaledInput {
  var direct: DirectMerge? { DirectMerge(copyingTimes: factor) }
}

extension SummedTaskVectors {
  var direct: DirectMerge? {
    DirectMerge(terms.map(\.direct), combined: .sum(divisor: divisor), lambda: lambda)
  }
}

extension ElectedTaskVectors {
  var direct: DirectMerge? {
    DirectMerge(terms.map(\.direct), combined: .election(normalize: normalize), lambda: lambda)
  }
}

extension SelectedFusion {
  var direct: DirectMerge? { DirectMerge(shares: shares, selected: limit) }
}

extension ThinnedTerm {
  fileprivate var direct: DirectMerge.Term {
    DirectMerge.Term(scale: scale, weight: weight, survivors: survivors)
  }
}

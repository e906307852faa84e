import Diagnostics
import Kernels
import Randomness
import Recipes

extension TaskVectors {
  /// Refuses distances from the density that lead out of (0, 1).
  ///
  /// - Throws: ``Diagnostic``.
  func checkEpsilons(_ epsilons: [Double], _ values: ParameterValues) throws(Diagnostic) {
    for (term, epsilon) in zip(terms, epsilons) where term.density > 0 && term.density < 1 {
      guard term.density - abs(epsilon) > 0, term.density + abs(epsilon) < 1 else {
        throw values.problem(
          "density \(term.density) ± epsilon \(abs(epsilon)) leaves the range between 0 and 1",
          fix: "use a smaller epsilon, or a density further from 0 and 1")
      }
    }
  }

  /// Keeps each element of an active term, by the recipe's mask, with a probability that rises with the
  /// rank of its magnitude in its row, from `density − epsilon` to `density + epsilon`.
  ///
  /// - Parameters:
  ///   - survey: Answers what the inputs hold.
  ///   - epsilons: One per term.
  /// - Returns: The active terms.
  /// - Throws: What reading the inputs throws; `CancellationError`.
  func randomlyThinnedByRank(
    _ survey: some TensorSurvey, epsilons: [Double]
  ) throws -> [ThinnedTerm] {
    let rows = RankedRows(of: site.shape)
    let masked = terms.indices.filter { terms[$0].isActive && terms[$0].density < 1 }
    let ranks = try ranks(masked.map { terms[$0] }, rows, survey)
    let masks = try survey.measure(
      zip(masked, ranks).map { index, ranks in
        let term = terms[index]
        let words = ElementWords(
          maskSeed: site.maskSeed, tensor: site.tensor, position: term.position)
        return Measurement(
          RankedMask(
            rows: rows, key: words.key, density: term.density, epsilon: epsilons[index],
            ranks: ranks),
          of: [term.input, base])
      })
    return thinned { index, term in
      let found = masks[index]
      let scale = rescale ? rescaling(whole: found.wholeSum, kept: found.keptSum) : 1
      return ThinnedTerm(term, scale: scale, keeping: .listed(found.mask))
    }
  }

  /// The ranks of each term's differences, where they may be kept for other candidates.
  private func ranks(
    _ terms: [Term], _ rows: RankedRows, _ survey: some TensorSurvey
  ) throws -> [[UInt16]?] {
    let measurements = terms.map { Measurement(RowRanks(rows: rows), of: [$0.input, base]) }
    let kept = measurements.indices.filter {
      rows.fitsSixteenBits
        && survey.retains(measurements[$0], byteCount: 2 * survey.elementCount)
    }
    let found = try survey.measure(kept.map { measurements[$0] })
    var results = [[UInt16]?](repeating: nil, count: terms.count)
    for (index, ranks) in zip(kept, found) { results[index] = ranks }
    return results
  }
}

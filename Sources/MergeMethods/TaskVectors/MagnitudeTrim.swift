import Kernels

extension TaskVectors {
  /// Keeps the largest `max(1, trunc(density · count))` magnitudes of each active term; of equal ones
  /// at the cut, those of lowest flat index.
  func trimmedByMagnitude(_ survey: some TensorSurvey) throws -> [ThinnedTerm] {
    let trimmed = activeTerms.filter { $0.density < 1 }
    let selections = try survey.select(
      trimmed.map {
        SelectionRequest(
          operands: [$0.input, base],
          count: max(1, Int($0.density * Double(survey.elementCount))))
      })
    let wholes = try wholeSums(trimmed, survey)
    return thinned { index, term in
      let selection = selections[index]
      let scale = rescale ? rescaling(whole: wholes[index], kept: selection.sum) : 1
      let limit = selection.limit
      return ThinnedTerm(
        term, scale: scale, keeping: .magnitudes(cut: limit.cut, tieLimit: limit.tieLimit))
    }
  }

  /// In descending order of magnitude, equal ones by flat index, drops the first `trunc(gamma · count)`
  /// of each active term, fewer where too few would be left, and keeps the next `trunc(density · count)`.
  ///
  /// - Parameters:
  ///   - survey: Answers what the inputs hold.
  ///   - gammas: One per term.
  /// - Returns: The active terms.
  /// - Throws: What reading the inputs throws; `CancellationError`.
  func trimmedOnBothSides(
    _ survey: some TensorSurvey, gammas: [Double]
  ) throws -> [ThinnedTerm] {
    let trimmed = terms.indices.filter { terms[$0].isActive && terms[$0].density < 1 }
    let count = survey.elementCount
    let requests = trimmed.flatMap { index in
      let keep = Int(terms[index].density * Double(count))
      let drop = min(Int(gammas[index] * Double(count)), count - keep)
      return [keep == 0 ? 0 : drop + keep, keep == 0 ? 0 : drop].map {
        SelectionRequest(operands: [terms[index].input, base], count: $0)
      }
    }
    let selections = try survey.select(requests)
    let wholes = try wholeSums(trimmed.map { terms[$0] }, survey)
    return thinned { index, term in
      let (low, high) = (selections[2 * index], selections[2 * index + 1])
      let scale = rescale ? rescaling(whole: wholes[index], kept: low.sum - high.sum) : 1
      return ThinnedTerm(
        term, scale: scale, keeping: .band(low: low.limit, high: high.limit))
    }
  }

  /// Active terms, those with density below 1 as `thin` says, which gets their number among them.
  func thinned(_ thin: (Int, Term) -> ThinnedTerm) -> [ThinnedTerm] {
    var results: [ThinnedTerm] = []
    var index = 0
    for term in activeTerms {
      guard term.density < 1 else {
        results.append(ThinnedTerm(term))
        continue
      }
      results.append(thin(index, term))
      index += 1
    }
    return results
  }

  /// `Σ|δ|` of each term; nothing is measured where nothing is rescaled.
  private func wholeSums(_ terms: [Term], _ survey: some TensorSurvey) throws -> [Double] {
    guard rescale else { return terms.map { _ in 0 } }
    return try survey.measure(
      terms.map { Measurement(MagnitudeCount(), of: [$0.input, base]) }
    ).map { $0.sum() }
  }
}

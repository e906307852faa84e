import Kernels

extension TaskVectors {
  /// Keeps the largest `max(1, trunc(density · count))` magnitudes of each active term; of equal ones
  /// at the cut, those of lowest flat index.
  func trimmedByMagnitude(_ survey: some TensorSurvey) throws -> [ThinnedTerm] {
    let active = activeTerms
    var results = active.map { ThinnedTerm($0) }
    let trimmed = active.indices.filter { active[$0].density < 1 }
    let histograms = try survey.measure(
      trimmed.map { Measurement(MagnitudeCount(), of: [active[$0].input, base]) })
    let trims = zip(trimmed, histograms).compactMap { index, histogram in
      let keep = max(1, Int(active[index].density * Double(survey.elementCount)))
      return histogram.place(ofLargest: keep).map { Trim(index, histogram, $0) }
    }
    let searched = trims.filter { !$0.keepsWholeBin && !$0.place.isZero }
    let cuts = try survey.measure(
      searched.map {
        Measurement(
          MagnitudeCutSearch(bin: $0.place.bin, rank: $0.place.rank),
          of: [active[$0.term].input, base])
      })
    let tieLimits = try limits(of: cuts, searched.map { active[$0.term] }, survey)
    for trim in trims {
      let term = active[trim.term]
      if trim.place.isZero { continue }
      let survivors: MergeStack.Survivors
      let kept: Double
      if let index = searched.firstIndex(where: { $0.term == trim.term }) {
        survivors = .magnitudes(cut: cuts[index].key, tieLimit: tieLimits[index])
        kept = trim.histogram.sum(above: trim.place.bin) + cuts[index].keptSum
      } else {
        survivors = .magnitudes(cut: UInt32(trim.place.bin) << 15, tieLimit: .max)
        kept = trim.histogram.sum(above: trim.place.bin - 1)
      }
      let scale = rescale ? rescaling(whole: trim.histogram.sum(), kept: kept) : 1
      results[trim.term] = ThinnedTerm(term, scale: scale, keeping: survivors)
    }
    return results
  }

  /// One term's cut, as far as the histogram tells.
  private struct Trim {
    let term: Int
    let histogram: MagnitudeHistogram
    let place: MagnitudeHistogram.Place

    init(_ term: Int, _ histogram: MagnitudeHistogram, _ place: MagnitudeHistogram.Place) {
      self.term = term
      self.histogram = histogram
      self.place = place
    }

    /// Whether the cut lies at the lower end of its bin.
    var keepsWholeBin: Bool { place.rank == place.count }
  }

  /// For each cut the flat index of the first equal magnitude to drop.
  private func limits(
    of cuts: [MagnitudeCut], _ terms: [Term], _ survey: some TensorSurvey
  ) throws -> [Int] {
    let tied = cuts.indices.filter { cuts[$0].keptTies < cuts[$0].ties }
    let found = try survey.measure(
      tied.map { index in
        let cut = cuts[index]
        let start = cut.chunk * elementsPerChunk
        return Measurement(
          TieSearch(key: cut.key, tiesBefore: cut.tiesBefore), of: [terms[index].input, base],
          in: start..<min(start + elementsPerChunk, survey.elementCount))
      })
    var limits = cuts.map { _ in Int.max }
    for (index, limit) in zip(tied, found) { limits[index] = limit }
    return limits
  }
}

import Kernels
import Randomness

extension TaskVectors {
  /// Keeps each element of an active term with probability `density`, by the recipe's mask.
  func randomlyThinned(_ survey: some TensorSurvey) throws -> [ThinnedTerm] {
    let active = activeTerms
    var results = active.map { ThinnedTerm($0) }
    let masks = active.enumerated().filter { $1.density < 1 }.map { index, term in
      Mask(
        term: index, input: term.input, threshold: UInt64((term.density * 0x1p32).rounded(.up)),
        key: ElementWords(maskSeed: site.maskSeed, tensor: site.tensor, position: term.position)
          .key)
    }
    let scales = rescale ? try rescalings(of: masks, survey) : masks.map { _ in 1 }
    let leading = try leadingBytes(of: masks, survey)
    for (index, mask) in masks.enumerated() {
      results[mask.term] = ThinnedTerm(
        active[mask.term], scale: scales[index],
        keeping: .masked(key: mask.key, threshold: mask.threshold, leading: leading[index]))
    }
    return results
  }

  /// What decides about most elements, where it may be kept for other candidates.
  private func leadingBytes(
    of masks: [Mask], _ survey: some TensorSurvey
  ) throws -> [LeadingBytes?] {
    let measurements = masks.map {
      Measurement(MaskBytes(key: $0.key, elementCount: survey.elementCount), of: [])
    }
    let kept = measurements.indices.filter {
      survey.retains(measurements[$0], byteCount: survey.elementCount)
    }
    let found = try survey.measure(kept.map { measurements[$0] })
    var results = [LeadingBytes?](repeating: nil, count: masks.count)
    for (index, bytes) in zip(kept, found) { results[index] = bytes }
    return results
  }

  private struct Mask {
    let term: Int
    let input: Int
    /// Words below it are kept; at most 2³².
    let threshold: UInt64
    let key: UInt64

    var bin: Int { Int(threshold >> 20) }
    var hasWholeBins: Bool { threshold & 0xFFFFF == 0 }
  }

  private func rescalings(of masks: [Mask], _ survey: some TensorSurvey) throws -> [Float] {
    let sums = try survey.measure(
      masks.map { Measurement(MaskedSums(key: $0.key), of: [$0.input, base]) })
    let partial = masks.indices.filter { !masks[$0].hasWholeBins }
    let rests = try survey.measure(
      partial.map { index in
        let mask = masks[index]
        return Measurement(
          MaskedSum(key: mask.key, words: UInt64(mask.bin) << 20..<mask.threshold),
          of: [mask.input, base])
      })
    var kept = zip(masks, sums).map { mask, sums in sums.prefix(mask.bin).reduce(0, +) }
    for (index, rest) in zip(partial, rests) { kept[index] += rest }
    return zip(sums, kept).map { rescaling(whole: $0.reduce(0, +), kept: $1) }
  }
}

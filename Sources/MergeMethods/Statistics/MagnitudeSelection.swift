import Kernels

/// Asks for the largest magnitudes of some inputs.
struct SelectionRequest {
  var quantity = Quantity.distance
  /// Inputs that the quantity is about.
  let operands: [Int]
  /// How many elements are wanted; 0 or more.
  let count: Int
  /// Whether the cut must be the smallest of them, not merely tell them from the others.
  var wantsLeast = false
}

/// The answer: which elements these are.
struct Selection: Hashable, Sendable {
  let limit: MergeStack.MagnitudeLimit
  /// Of their magnitudes.
  let sum: Double

  static let nothing = Selection(
    limit: MergeStack.MagnitudeLimit(cut: 0x7FFF_FFFF, tieLimit: 0), sum: 0)
}

extension TensorSurvey {
  /// The exact largest magnitudes, of equal ones those of lowest flat index: from a histogram, which
  /// all requests of a search share, and at most one pass over a single bin and one over a chunk.
  ///
  /// - Throws: What reading the inputs throws; `CancellationError`.
  func select(_ requests: [SelectionRequest]) throws -> [Selection] {
    var selections = requests.map { _ in Selection.nothing }
    let wanted = requests.indices.filter { requests[$0].count > 0 }
    let histograms = try measure(
      wanted.map {
        Measurement(MagnitudeCount(quantity: requests[$0].quantity), of: requests[$0].operands)
      })
    var searched: [(request: Int, histogram: MagnitudeHistogram, place: MagnitudeHistogram.Place)] =
      []
    for (request, histogram) in zip(wanted, histograms) {
      guard let place = histogram.place(ofLargest: requests[request].count), !place.isZero else {
        // All that is not zero; which zeros come with it makes no difference.
        selections[request] = Selection(
          limit: MergeStack.MagnitudeLimit(cut: 0, tieLimit: .max), sum: histogram.sum())
        continue
      }
      if place.rank == place.count, !requests[request].wantsLeast {
        selections[request] = Selection(
          limit: MergeStack.MagnitudeLimit(cut: UInt32(place.bin) << 15, tieLimit: .max),
          sum: histogram.sum(above: place.bin - 1))
      } else {
        searched.append((request, histogram, place))
      }
    }
    let cuts = try measure(
      searched.map { request, _, place in
        Measurement(
          MagnitudeCutSearch(
            quantity: requests[request].quantity, bin: place.bin, rank: place.rank),
          of: requests[request].operands)
      })
    let tieLimits = try self.tieLimits(of: cuts, searched.map { requests[$0.request] })
    for (index, search) in searched.enumerated() {
      selections[search.request] = Selection(
        limit: MergeStack.MagnitudeLimit(cut: cuts[index].key, tieLimit: tieLimits[index]),
        sum: search.histogram.sum(above: search.place.bin) + cuts[index].keptSum)
    }
    return selections
  }

  /// For each cut the flat index of the first equal magnitude to drop.
  private func tieLimits(
    of cuts: [MagnitudeCut], _ requests: [SelectionRequest]
  ) throws -> [Int] {
    let tied = cuts.indices.filter { cuts[$0].keptTies < cuts[$0].ties }
    let found = try measure(
      tied.map { index in
        let cut = cuts[index]
        let start = cut.chunk * elementsPerChunk
        return Measurement(
          TieSearch(
            quantity: requests[index].quantity, key: cut.key, tiesBefore: cut.tiesBefore),
          of: requests[index].operands,
          in: start..<min(start + elementsPerChunk, elementCount))
      })
    var limits = cuts.map { _ in Int.max }
    for (index, limit) in zip(tied, found) { limits[index] = limit }
    return limits
  }
}

import Kernels

/// The exact magnitude at a place of the descending order, and how its ties are resolved.
struct MagnitudeCut: Hashable, Sendable {
  /// Bit pattern of the magnitude.
  let key: UInt32
  /// Of the elements with exactly this magnitude, how many are kept: those of lowest flat index.
  let keptTies: Int
  let ties: Int
  /// If not all ties are kept: the chunk that holds the first tie to drop, and how many precede it there.
  let chunk: Int
  let tiesBefore: Int
  /// The sum of the kept magnitudes of the cut's bin.
  let keptSum: Double
}

/// Finds a ``MagnitudeCut`` in one pass, looking at the magnitudes of one bin only.
struct MagnitudeCutSearch: Reduction {
  var quantity = Quantity.distance
  let bin: Int
  /// Rank of the cut among the bin's magnitudes in descending order, counted from 1.
  let rank: Int

  func startChunk() -> [UInt32] { [UInt32](repeating: 0, count: MagnitudeBins.keysPerBin) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [UInt32]) {
    quantity.measure(&stack, rows)
    stack.countDistances(inBin: bin, into: &partial)
  }

  /// Per chunk, the lower bits that occur and how often, ascending.
  typealias Total = [[(low: Int, count: Int)]]

  func startTotal() -> Total { [] }

  func fold(_ partial: [UInt32], into total: inout Total) {
    total.append(
      partial.indices.filter { partial[$0] > 0 }.map { (low: $0, count: Int(partial[$0])) })
  }

  func finish(_ total: Total) -> MagnitudeCut {
    var counts = [Int](repeating: 0, count: MagnitudeBins.keysPerBin)
    for chunk in total {
      for (low, count) in chunk { counts[low] += count }
    }
    var above = 0
    var lowSum: UInt64 = 0
    var cut = counts.count - 1
    while cut > 0, above + counts[cut] < rank {
      above += counts[cut]
      lowSum += UInt64(counts[cut]) * UInt64(cut)
      cut -= 1
    }
    let kept = rank - above
    lowSum += UInt64(kept) * UInt64(cut)
    var before = kept
    var place = 0
    if kept < counts[cut] {
      for (chunk, entries) in total.enumerated() {
        let here = entries.first { $0.low == cut }?.count ?? 0
        place = chunk
        if before < here { break }
        before -= here
      }
    }
    return MagnitudeCut(
      key: UInt32(bin) << 15 | UInt32(cut), keptTies: kept, ties: counts[cut], chunk: place,
      tiesBefore: before,
      keptSum: MagnitudeHistogram.sum(bin: bin, count: rank, lowSum: lowSum))
  }

  static func byteCount(of value: MagnitudeCut) -> Int { 64 }
}

/// Finds the flat index of an element by its magnitude and its number among the equal ones of the chunk
/// that is passed over.
struct TieSearch: Reduction {
  var quantity = Quantity.distance
  let key: UInt32
  let tiesBefore: Int

  enum Progress: Sendable {
    case passed(Int)
    case found(Int)
  }

  func startChunk() -> Progress { .passed(0) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Progress) {
    guard case .passed(let passed) = partial else { return }
    quantity.measure(&stack, rows)
    switch stack.findDistance(key, after: tiesBefore - passed) {
    case .at(let element): partial = .found(element)
    case .passed(let more): partial = .passed(passed + more)
    }
  }

  func startTotal() -> Int { Int.max }

  func fold(_ partial: Progress, into total: inout Int) {
    if case .found(let element) = partial { total = min(total, element) }
  }

  func finish(_ total: Int) -> Int { total }

  static func byteCount(of value: Int) -> Int { 8 }
}

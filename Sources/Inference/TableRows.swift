import Kernels

/// The free rows of a key-value table.
struct TableRows {
  /// Disjoint, ascending, never adjacent.
  private var free: [Range<Int>]
  private(set) var freeCount: Int

  init(count: Int) {
    free = count > 0 ? [0..<count] : []
    freeCount = count
  }

  /// Takes rows, ascending and next to each other as far as the gaps allow; nil if there are too few.
  mutating func take(_ count: Int) -> [Int]? {
    guard count <= freeCount else { return nil }
    var rows: [Int] = []
    // One gap that is wide enough, else the widest ones first: fewer pieces are seen faster.
    while rows.count < count {
      let wanted = count - rows.count
      let fitting = free.indices.first { free[$0].count >= wanted }
      guard let index = fitting ?? free.indices.max(by: { free[$0].count < free[$1].count }) else {
        break
      }
      let gap = free[index]
      let taken = gap.lowerBound..<gap.lowerBound + min(wanted, gap.count)
      rows += taken
      if taken.upperBound == gap.upperBound {
        free.remove(at: index)
      } else {
        free[index] = taken.upperBound..<gap.upperBound
      }
    }
    freeCount -= count
    return rows
  }

  /// Gives rows back.
  ///
  /// - Precondition: They were taken.
  mutating func give(_ rows: some Collection<Int>) {
    guard !rows.isEmpty else { return }
    freeCount += rows.count
    var merged: [Range<Int>] = []
    for gap in (free + rows.map { $0..<$0 + 1 }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, last.upperBound == gap.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<gap.upperBound
      } else {
        merged.append(gap)
      }
    }
    free = merged
  }
}

/// Rows of a key-value table in order of position, as few ranges as possible.
struct VisibleRows {
  private(set) var ranges: [KeyRange] = []

  mutating func append(_ row: Int) {
    if let last = ranges.last, Int(last.start + last.count) == row {
      ranges[ranges.count - 1].count += 1
    } else {
      ranges.append(KeyRange(start: row, count: 1))
    }
  }
}

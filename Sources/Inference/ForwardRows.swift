import Kernels

/// Tokens that pass through the layers together, one row each, and what each of them sees.
struct ForwardRows: Sendable {
  /// Consecutive rows each of which follows the one before it.
  struct Segment: Sendable {
    let rows: Range<Int>
    /// What comes before the segment, as a part of ``ForwardRows/ranges``.
    let prefix: Range<Int>
    /// Row of the key-value table from which on the segment's own path lies there.
    let keyStart: Int
    /// Tokens of the segment that are in the table already, from `keyStart` on.
    let keysBefore: Int

    /// The rows of the table that row `row` sees after the prefix.
    func last(row: Int) -> KeyRange {
      KeyRange(start: keyStart, count: keysBefore + row - rows.lowerBound + 1)
    }
  }

  var tokens: [Int32] = []
  var positions: [Int32] = []
  /// In order, covering all rows.
  var segments: [Segment] = []
  /// Rows of the key-value table, in order of position within each prefix.
  var ranges: [KeyRange] = []

  /// Length of the sequences, where rotations depend on it.
  var sequenceLength = 1

  var count: Int { tokens.count }

  /// Positions that occur, as a count from 0.
  var positionCount: Int { Int(positions.max() ?? -1) + 1 }

  /// Calls `body` with each segment's rows among `rows`.
  func forEachSegment(
    in rows: Range<Int>, _ body: (_ segment: Segment, _ rows: Range<Int>) throws -> Void
  ) rethrows {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].rows.upperBound <= rows.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    while low < segments.count, segments[low].rows.lowerBound < rows.upperBound {
      try body(segments[low], segments[low].rows.clamped(to: rows))
      low += 1
    }
  }

  /// Some of the rows, which see what they saw among all.
  ///
  /// - Precondition: `wanted` ascends.
  func selecting(_ wanted: [Int]) -> ForwardRows {
    var selected = self
    selected.tokens = wanted.map { tokens[$0] }
    selected.positions = wanted.map { positions[$0] }
    selected.segments = []
    var next = 0
    for segment in segments {
      while next < wanted.count, wanted[next] < segment.rows.upperBound {
        let start = next
        let first = wanted[start]
        while next < wanted.count, wanted[next] < segment.rows.upperBound,
          wanted[next] - first == next - start
        {
          next += 1
        }
        selected.segments.append(
          Segment(
            rows: start..<next, prefix: segment.prefix, keyStart: segment.keyStart,
            keysBefore: segment.keysBefore + first - segment.rows.lowerBound))
      }
    }
    return selected
  }
}

/// A part of a forest laid out in rows; row r of the key-value table belongs to row r.
struct ForestRows: Sendable {
  /// A row after which tokens are scored.
  struct ProbedRow: Sendable {
    let row: Int
    /// As a part of ``ForestRows/probes``.
    let probes: Range<Int>
  }

  var rows = ForwardRows()
  /// In order of the row.
  private(set) var probedRows: [ProbedRow] = []
  /// Indices of the forest's probes, grouped by row.
  private(set) var probes: [Int] = []
  /// The row of each node; -1 for nodes that are in another part.
  private(set) var rowOfNode: [Int32]

  /// Lays out the nodes `part` of the forest's preorder, with the ancestors of the first of them.
  ///
  /// The ancestors of all others are in the part, or are ancestors of the first.
  init(_ forest: TokenForest, order: [Int32], part: Range<Int>, probesOfNode: NodeProbes) {
    rowOfNode = [Int32](repeating: -1, count: forest.nodes.count)
    guard !part.isEmpty else { return }
    var ancestors: [Int32] = []
    var node = forest.nodes[Int(order[part.lowerBound])].parent
    while node >= 0 {
      ancestors.append(node)
      node = forest.nodes[Int(node)].parent
    }
    let laidOut = Array(ancestors.reversed()) + order[part]
    var starts: [Segment] = []
    for (row, node) in laidOut.enumerated() {
      let content = forest.nodes[Int(node)]
      rowOfNode[Int(node)] = Int32(row)
      rows.tokens.append(content.token)
      rows.positions.append(content.position)
      let parentRow = content.parent < 0 ? -1 : Int(rowOfNode[Int(content.parent)])
      if row == 0 || parentRow != row - 1 {
        starts.append(startSegment(at: row, parentRow: parentRow, starts))
      }
      guard row >= ancestors.count else { continue }
      let asked = probesOfNode[Int(node)]
      if !asked.isEmpty {
        probedRows.append(ProbedRow(row: row, probes: probes.count..<probes.count + asked.count))
        probes += asked
      }
    }
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1].row : rows.count
      rows.segments.append(
        ForwardRows.Segment(
          rows: start.row..<end, prefix: start.prefix, keyStart: start.row, keysBefore: 0))
    }
  }

  private struct Segment {
    let row: Int
    let prefix: Range<Int>
  }

  /// A segment sees what its parent's segment sees, and that segment up to the parent.
  private mutating func startSegment(
    at row: Int, parentRow: Int, _ starts: [Segment]
  ) -> Segment {
    let first = rows.ranges.count
    if parentRow >= 0 {
      var low = 0
      var high = starts.count
      while low + 1 < high {
        let middle = (low + high) / 2
        if starts[middle].row <= parentRow { low = middle } else { high = middle }
      }
      let parent = starts[low]
      for index in parent.prefix { rows.ranges.append(rows.ranges[index]) }
      rows.ranges.append(KeyRange(start: parent.row, count: parentRow - parent.row + 1))
    }
    return Segment(row: row, prefix: first..<rows.ranges.count)
  }
}

/// The probes of each node of a forest.
struct NodeProbes: Sendable {
  private let starts: [Int]
  private let probes: [Int]

  init(_ forest: TokenForest) {
    var starts = [Int](repeating: 0, count: forest.nodes.count + 1)
    for probe in forest.probes { starts[Int(probe.node) + 1] += 1 }
    for node in 0..<forest.nodes.count { starts[node + 1] += starts[node] }
    var next = starts
    var probes = [Int](repeating: 0, count: forest.probes.count)
    for (id, probe) in forest.probes.enumerated() {
      probes[next[Int(probe.node)]] = id
      next[Int(probe.node)] += 1
    }
    self.starts = starts
    self.probes = probes
  }

  subscript(node: Int) -> ArraySlice<Int> { probes[starts[node]..<starts[node + 1]] }
}

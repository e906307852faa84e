/// Candidates with several scores each, sorted into fronts that do not dominate one another, with the
/// room that each has in its front.
///
/// Reference: Deb et al., IEEE Transactions on Evolutionary Computation 6(2), 2002.
/// - Complexity: O(m n²) for n candidates with m scores.
public struct ParetoRanking: Sendable {
  /// Indices into the scores, ascending; nothing dominates the first front.
  public let fronts: [[Int]]
  /// The front of each candidate.
  public let ranks: [Int]
  /// Half the perimeter of the box that a candidate's neighbours in its front span, each score in
  /// units of the front's range; infinite at the ends of a front.
  public let crowding: [Double]

  /// - Parameter scores: One list per candidate, all of one length, higher is better.
  public init(_ scores: [[Double]]) {
    let fronts = Self.fronts(of: scores)
    var ranks = [Int](repeating: 0, count: scores.count)
    var crowding = [Double](repeating: 0, count: scores.count)
    for (rank, front) in fronts.enumerated() {
      for index in front { ranks[index] = rank }
      Self.measure(front, of: scores, into: &crowding)
    }
    self.fronts = fronts
    self.ranks = ranks
    self.crowding = crowding
  }

  /// At least as good everywhere and better somewhere.
  static func dominates(_ left: [Double], _ right: [Double]) -> Bool {
    var isBetter = false
    for (a, b) in zip(left, right) {
      if a < b { return false }
      if a > b { isBetter = true }
    }
    return isBetter
  }

  private static func fronts(of scores: [[Double]]) -> [[Int]] {
    var dominators = [Int](repeating: 0, count: scores.count)
    var dominated = [[Int]](repeating: [], count: scores.count)
    for left in scores.indices {
      for right in scores.indices where dominates(scores[left], scores[right]) {
        dominators[right] += 1
        dominated[left].append(right)
      }
    }
    var fronts: [[Int]] = []
    var front = scores.indices.filter { dominators[$0] == 0 }
    while !front.isEmpty {
      fronts.append(front)
      var next: [Int] = []
      for index in front {
        for other in dominated[index] {
          dominators[other] -= 1
          if dominators[other] == 0 { next.append(other) }
        }
      }
      front = next.sorted()
    }
    return fronts
  }

  private static func measure(
    _ front: [Int], of scores: [[Double]], into crowding: inout [Double]
  ) {
    for objective in scores[front[0]].indices {
      let order = front.sorted { left, right in
        let (a, b) = (scores[left][objective], scores[right][objective])
        return a == b ? left < right : a < b
      }
      let (first, last) = (order[0], order[order.count - 1])
      let range = scores[last][objective] - scores[first][objective]
      crowding[first] = .infinity
      crowding[last] = .infinity
      guard range > 0 else { continue }
      for position in order.indices.dropFirst().dropLast() {
        let gap = scores[order[position + 1]][objective] - scores[order[position - 1]][objective]
        crowding[order[position]] += gap / range
      }
    }
  }
}

/// The order of a generation's outcomes, with ties known.
///
/// Scores come first, higher first; then stopped candidates, later blocks and larger differences
/// first; then invalid ones. Dropped candidates are absent. Equal outcomes keep index order, and
/// share the mean of their weights, so that nothing depends on the order of `tell`.
struct Ranking {
  /// Indices of the present candidates, best first.
  let order: [Int]
  /// Ranges of `order` whose candidates are tied, covering it.
  let ties: [Range<Int>]
  /// How many of the last in `order` are invalid.
  let invalidCount: Int
  /// The scores of `order`'s leading candidates, best first.
  let scores: [Double]

  init(_ outcomes: [Outcome]) {
    let keys = outcomes.map(Self.key)
    let order = outcomes.indices.filter { keys[$0] != nil }.sorted { left, right in
      guard let first = keys[left], let second = keys[right] else { return false }
      return first == second ? left < right : first < second
    }
    var ties: [Range<Int>] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, keys[order[end]] == keys[order[start]] { end += 1 }
      ties.append(start..<end)
      start = end
    }
    self.order = order
    self.ties = ties
    invalidCount = order.count { outcomes[$0] == .invalid }
    scores = order.compactMap { index in
      if case .scores(let scores) = outcomes[index] { return scores.first }
      return nil
    }
  }

  /// `weights` by rank, tied ranks sharing the mean of theirs.
  func averaged(_ weights: [Double]) -> [Double] {
    var shared = Array(weights.prefix(order.count))
    for tie in ties where tie.count > 1 {
      var sum = 0.0
      for rank in tie { sum += weights[rank] }
      for rank in tie { shared[rank] = sum / Double(tie.count) }
    }
    return shared
  }

  /// Sorts ascending: class, then the block negated, then score or difference negated.
  private struct Key: Comparable {
    let group: Int
    let block: Int
    let value: Double

    static func < (left: Key, right: Key) -> Bool {
      (left.group, left.block, left.value) < (right.group, right.block, right.value)
    }
  }

  private static func key(_ outcome: Outcome) -> Key? {
    switch outcome {
    case .scores(let scores): Key(group: 0, block: 0, value: -(scores.first ?? -.infinity))
    case .stopped(let block, let difference): Key(group: 1, block: -block, value: -difference)
    case .invalid: Key(group: 2, block: 0, value: 0)
    case .dropped: nil
    }
  }
}

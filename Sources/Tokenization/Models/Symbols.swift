/// The symbols of a word while they merge: a doubly linked list in arrays.
struct Symbols: Sendable {
  private var ids: [UInt32] = []
  /// Index of the right neighbour; `ids.count` behind the last.
  private var next: [Int32] = []
  /// Index of the left neighbour; −1 before the first.
  private var previous: [Int32] = []
  private var isMerged: [Bool] = []

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    isMerged.removeAll(keepingCapacity: true)
  }

  mutating func append(_ id: Int) {
    previous.append(Int32(ids.count) - 1)
    ids.append(UInt32(id))
    next.append(Int32(ids.count))
    isMerged.append(false)
  }

  func appendIDs(to output: inout [Int]) {
    for index in ids.indices where !isMerged[index] { output.append(Int(ids[index])) }
  }

  /// Merges until no pair is left that merges.
  ///
  /// - Parameters:
  ///   - merges: The merges.
  ///   - queue: Empty scratch memory; empty again at the end. An entry is a rank above the position of
  ///     its left symbol, so the smallest is the best rank, leftmost first.
  mutating func merge(_ merges: MergeTable, _ queue: inout SmallestFirst) {
    guard ids.count > 1 else { return }
    for index in 0..<ids.count - 1 { enqueue(index, merges, &queue) }
    while let entry = queue.popFirst() {
      let left = Int(entry & 0xFFFF_FFFF)
      let right = Int(next[left])
      guard !isMerged[left], right < ids.count else { continue }
      // An entry is stale if its pair has changed, unless the pair now there merges into the same.
      let product = merges.product(UInt32(entry >> 32))
      guard let current = merges.rank(ids[left], ids[right]), merges.product(current) == product
      else { continue }
      ids[left] = product
      isMerged[right] = true
      let after = Int(next[right])
      next[left] = Int32(after)
      if after < ids.count { previous[after] = Int32(left) }
      if previous[left] >= 0 { enqueue(Int(previous[left]), merges, &queue) }
      if after < ids.count { enqueue(left, merges, &queue) }
    }
  }

  private func enqueue(_ left: Int, _ merges: MergeTable, _ queue: inout SmallestFirst) {
    if let rank = merges.rank(ids[left], ids[Int(next[left])]) {
      queue.insert(UInt64(rank) << 32 | UInt64(left))
    }
  }
}

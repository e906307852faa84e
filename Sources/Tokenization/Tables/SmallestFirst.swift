/// A queue of integers that gives the smallest first: a binary heap.
///
/// - Complexity: O(log n) per operation.
struct SmallestFirst: Sendable {
  /// The children of the element at `i` are at `2i + 1` and `2i + 2` and not smaller.
  private var heap: [UInt64] = []

  mutating func insert(_ element: UInt64) {
    heap.append(element)
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent] <= element { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = element
  }

  mutating func popFirst() -> UInt64? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    var index = 0
    while true {
      var child = 2 * index + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if last <= heap[child] { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}

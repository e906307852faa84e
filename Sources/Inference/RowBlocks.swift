/// Rows that pass through a layer together, and the height of their block, which they may not fill.
struct RowBlock: Equatable, Sendable {
  let rows: Range<Int>
  let height: Int

  /// Cuts `count` rows into blocks of some of the `heights`, which are in ascending order.
  ///
  /// The tallest blocks read the weights least often. When fewer rows are left than a tall block for every worker
  /// and one more, lower blocks follow: so all workers end at about the same time, and less is computed for rows
  /// that do not exist.
  static func cut(_ count: Int, heights: [Int], workers: Int) -> [RowBlock] {
    var blocks: [RowBlock] = []
    var start = 0
    for height in heights.reversed() {
      let isLowest = height == heights[0]
      while start < count, isLowest || count - start >= height * (workers + 1) {
        let end = min(count, start + height)
        blocks.append(RowBlock(rows: start..<end, height: height))
        start = end
      }
    }
    return blocks
  }
}

import Testing

@testable import Inference

@Suite("Rows cut into blocks") struct RowBlocksTests {
  @Test(
    "cover all rows in order and are filled but for the last one", arguments: 0..<80,
    [[64], [64, 128], [64, 128, 256]])
  func cover(step: Int, heights: [Int]) {
    for workers in [0, 1, 2, 7] {
      let count = step * step
      let blocks = RowBlock.cut(count, heights: heights, workers: workers)
      #expect(blocks.flatMap(\.rows) == Array(0..<count))
      #expect(blocks.allSatisfy { heights.contains($0.height) })
      #expect(blocks.dropLast().allSatisfy { $0.rows.count == $0.height })
      #expect(blocks.reduce(0) { $0 + $1.height } < count + heights[0])
    }
  }

  @Test("get lower towards the end")
  func order() {
    let blocks = RowBlock.cut(2000, heights: [64, 128, 256], workers: 2)
    #expect(
      blocks.map(\.height) == [256, 256, 256, 256, 256] + [128, 128, 128] + [
        64, 64, 64, 64, 64, 64,
      ])
    #expect(
      RowBlock.cut(700, heights: [64, 128, 256], workers: 0).map(\.height) == [256, 256, 128, 64])
  }
}

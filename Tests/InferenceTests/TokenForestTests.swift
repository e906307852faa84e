import Kernels
import Testing

@testable import Inference

@Suite("Token forest")
struct TokenForestTests {
  @Test("computes each distinct prefix once, and not the last token")
  func sharing() {
    var forest = TokenForest()
    let first = forest.insert([1, 2, 3, 4], scoring: 2..<4)
    let second = forest.insert([1, 2, 3, 5], scoring: 3..<4)
    #expect(first == [0, 1])
    #expect(second == [2])
    #expect(forest.tokenCount == 3)
    #expect(forest.requestedTokenCount == 6)
    #expect(forest.probeCount == 3)
  }

  @Test("shares a probe between equal questions")
  func equalQuestions() {
    var forest = TokenForest()
    let first = forest.insert([7, 8, 9], scoring: 1..<3)
    #expect(forest.insert([7, 8, 9, 1], scoring: 1..<3) == first)
    #expect(forest.probeCount == 2)
  }

  @Test("computes nothing where nothing is scored")
  func nothing() {
    var forest = TokenForest()
    #expect(forest.insert([1, 2, 3], scoring: 2..<2) == [])
    #expect(forest.tokenCount == 0)
  }

  @Test("lays a path without branches out contiguously")
  func preorder() {
    var forest = TokenForest()
    _ = forest.insertPath([1, 2, 3])
    _ = forest.insertPath([9])
    _ = forest.insertPath([1, 4])
    _ = forest.insertPath([1, 2, 5])
    let tokens = forest.preorder.map { forest.nodes[Int($0)].token }
    #expect(tokens == [1, 2, 3, 5, 4, 9])
  }

  @Test(
    "gives every row its ancestors in order, in parts of any size", arguments: [1, 2, 3, 7, 100])
  func visibility(partSize: Int) {
    var forest = TokenForest()
    for index in 0..<30 {
      _ = forest.insertPath([index % 2, index % 3, index % 5, 4, index % 7, index])
    }
    let order = forest.preorder
    let probes = NodeProbes(forest)
    var seen = 0
    for start in stride(from: 0, to: order.count, by: partSize) {
      let range = start..<min(order.count, start + partSize)
      let part = ForestRows(forest, order: order, part: range, probesOfNode: probes)
      let rows = part.rows
      for node in order[range] {
        let row = Int(part.rowOfNode[Int(node)])
        var expected: [Int32] = []
        var ancestor = node
        while ancestor >= 0 {
          expected.insert(forest.nodes[Int(ancestor)].token, at: 0)
          ancestor = forest.nodes[Int(ancestor)].parent
        }
        rows.forEachSegment(in: row..<row + 1) { segment, run in
          let ranges = rows.ranges[segment.prefix] + [segment.last(row: run.lowerBound)]
          let visible = ranges.flatMap { range in
            (0..<range.count).map { rows.tokens[Int(range.start + $0)] }
          }
          #expect(visible == expected)
          #expect(Int(rows.positions[row]) == expected.count - 1)
          seen += 1
        }
      }
    }
    #expect(seen == order.count)
  }
  @Test("lets a selection of rows see what they saw among all", arguments: 1...7)
  func selection(step: Int) {
    var forest = TokenForest()
    for index in 0..<30 {
      _ = forest.insertPath([index % 2, index % 3, index % 5, 4, index % 7, index])
    }
    let order = forest.preorder
    let rows = ForestRows(
      forest, order: order, part: 0..<order.count, probesOfNode: NodeProbes(forest)
    ).rows
    // Runs and single rows.
    let wanted = (0..<rows.count).filter { ($0 / step) % 3 != 1 || $0 % 5 == 0 }
    let selected = rows.selecting(wanted)

    func visible(_ row: Int, of rows: ForwardRows) -> [[Int32]] {
      var found: [[Int32]] = []
      rows.forEachSegment(in: row..<row + 1) { segment, run in
        let ranges = rows.ranges[segment.prefix] + [segment.last(row: run.lowerBound)]
        found += ranges.map { [$0.start, $0.count] }
      }
      return found
    }

    #expect(selected.count == wanted.count)
    #expect(selected.segments.map(\.rows).reduce(0) { $0 + $1.count } == wanted.count)
    for (place, row) in wanted.enumerated() {
      #expect(selected.tokens[place] == rows.tokens[row])
      #expect(selected.positions[place] == rows.positions[row])
      #expect(visible(place, of: selected) == visible(row, of: rows))
    }
    #expect(rows.selecting([]).segments.isEmpty)
  }
}

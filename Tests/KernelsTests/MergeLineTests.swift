import Foundation
import Randomness
import Testing

@testable import Kernels

@Suite("Merge arithmetic along lines against plain Swift")
struct MergeLineTests {
  /// With differences from a base or without.
  private func relative(_ row: [Float], _ base: [Float]?) -> [Float] {
    guard let base else { return row }
    return zip(row, base).map { $0 - $1 }
  }

  @Test("products land in lanes, rows and columns, for all tails", arguments: 0...67)
  func products(count: Int) {
    let rows = [1, 2, 3].map { rowSample(count, seed: $0) }
    for (first, length) in [(0, 1), (5, 7), (64, 16), (100, 50), (3, 300)] {
      let stack = stack(rows, first: first)
      for base in [nil, 2] {
        let a = relative(rows[0], base.map { rows[$0] })
        let b = relative(rows[1], base.map { rows[$0] })
        let product = zip(a, b).map { Double($0) * Double($1) }
        var lanes = (0..<MergeStack.lanes).map { Double($0) }
        var expectedLanes = lanes
        stack.addProducts(0, 1, from: base, to: &lanes)
        for index in 0..<count { expectedLanes[index % 16] += product[index] }
        #expect(lanes == expectedLanes)

        let firstRow = first / length
        let rowCount = count == 0 ? 0 : (first + count - 1) / length - firstRow + 1
        var sums = [Double](repeating: 0.5, count: rowCount)
        stack.addProducts(0, 1, from: base, rowLength: length, firstRow: firstRow, to: &sums)
        for row in 0..<rowCount {
          let elements = (0..<count).filter { (first + $0) / length == firstRow + row }
          let expected = elements.reduce(0.5) { $0 + product[$1] }
          let size = elements.reduce(0.5) { $0 + abs(product[$1]) }
          #expect(abs(sums[row] - expected) <= 1e-14 * size)
        }

        var columns = [Double](repeating: 0, count: length)
        var expectedColumns = columns
        stack.addProducts(0, 1, from: base, toColumns: &columns)
        for index in 0..<count { expectedColumns[(first + index) % length] += product[index] }
        #expect(columns == expectedColumns)
      }
    }
  }

  @Test("factors of rows and columns, for all tails", arguments: 0...67)
  func factors(count: Int) {
    let rows = [rowSample(count, seed: 4), rowSample(count, seed: 5)]
    let start = rowSample(count, seed: 6)
    for (first, length) in [(0, 1), (5, 7), (64, 16), (100, 50), (3, 300)] {
      let stack = stack(rows, first: first)
      for base in [nil, 1] {
        let x = relative(rows[0], base.map { rows[$0] })
        let perRow = rowSample((first + count) / length + 1, seed: 7)
        var byRow = start
        var span = byRow.mutableSpan
        stack.accumulate(0, from: base, rowFactors: perRow, rowLength: length, into: &span)
        let perColumn = rowSample(length, seed: 8)
        var byColumn = start
        var other = byColumn.mutableSpan
        stack.accumulate(0, from: base, columnFactors: perColumn, into: &other)
        for index in 0..<count {
          let element = first + index
          #expect(byRow[index] == start[index] + perRow[element / length] * x[index])
          #expect(byColumn[index] == start[index] + perColumn[element % length] * x[index])
        }
      }
    }
  }

  @Test("divergences agree with the C library to 1e-13", arguments: 0...67)
  func divergence(count: Int) {
    let (a, b) = (rowSample(count, seed: 9), rowSample(count, seed: 10).map { $0 * 7 })
    func softmax(_ row: [Float]) -> [Double] {
      let most = Double(row.max() ?? 0)
      let powers = row.map { exp(Double($0) - most) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum + 1e-8 }
    }
    let expected = zip(softmax(b), softmax(a)).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    #expect(abs(softmaxDivergence(of: b, from: a) - expected) <= 1e-13 * max(1, expected))
    #expect(softmaxDivergence(of: a, from: a) == 0)
  }

  @Test("a divergence of numbers a thousand apart is finite")
  func extremes() {
    let (a, b): ([Float], [Float]) = ([1e4, -1e4, 3e38], [-3e38, 1e4, 0])
    #expect(softmaxDivergence(of: b, from: a).isFinite)
  }
}

@Suite("Ranks and masks against plain Swift")
struct KeepMaskTests {
  @Test(
    "ranks are stable, at any distance", arguments: [0, 1, 2, 17, 48, 49, 300, 5000], [1, 2, 3])
  func ranks(count: Int, step: Int) {
    let magnitudes: [Float] = rowSample(count * step + step, seed: UInt64(count)).map { abs($0) }
    var ranks = [UInt32](repeating: .max, count: magnitudes.count)
    var span = ranks.mutableSpan
    var scratch: [UInt64] = []
    rankMagnitudes(
      magnitudes.span, from: step - 1, step: step, count: count, into: &span, scratch: &scratch)
    let row: [Float] = (0..<count).map { magnitudes[step - 1 + $0 * step] }
    let order: [Int] = (0..<count).sorted { one, other in
      row[one] == row[other] ? one < other : row[one] < row[other]
    }
    for (rank, place) in order.enumerated() {
      #expect(ranks[step - 1 + place * step] == UInt32(rank))
    }
    #expect(ranks.count { $0 == .max } == magnitudes.count - count)
  }

  @Test("masks keep by rank and word, for all tails", arguments: 0...67)
  func masks(count: Int) {
    let magnitudes = rowSample(count, seed: 11).map { abs($0) }
    let ranks = (0..<count).map { UInt32(($0 * 7) % max(1, count)) }
    let words = ElementWords(maskSeed: 3, tensor: "w", position: 1)
    for (offset, first) in [(0, 0), (5, 64), (61, 129), (64, 3)] {
      var mask = KeepMask(count: offset + count + 3)
      let sums = mask.keep(
        magnitudes.span, ranks: ranks.span, at: offset, key: words.key, first: first, low: 0.2,
        slope: 0.01)
      var kept = 0.0
      for index in 0..<count {
        let probability = 0.2 + 0.01 * Double(ranks[index])
        let isKept = Double(words.word(at: first + index)) * 0x1p-32 < probability
        #expect(mask[offset + index] == isKept)
        kept += isKept ? Double(magnitudes[index]) : 0
      }
      let all = magnitudes.reduce(0.0) { $0 + Double($1) }
      #expect(abs(sums.kept - kept) <= 1e-14 * all)
      #expect(abs(sums.all - all) <= 1e-14 * all)
      #expect((0..<offset).allSatisfy { !mask[$0] })
    }
  }

  @Test("parts are put together at any place")
  func insertion() {
    var parts: [KeepMask] = []
    for seed in 0..<6 {
      let count = [3, 64, 65, 1, 130, 63][seed]
      var mask = KeepMask(count: count)
      let ranks = [UInt32](repeating: 0, count: count)
      _ = mask.keep(
        [Float](repeating: 1, count: count).span, ranks: ranks.span, at: 0, key: UInt64(seed),
        first: 0, low: 0.5, slope: 0)
      parts.append(mask)
    }
    var whole = KeepMask(count: parts.reduce(0) { $0 + $1.count })
    var start = 0
    for part in parts {
      whole.insert(part, at: start)
      start += part.count
    }
    let expected = parts.flatMap { part in (0..<part.count).map { part[$0] } }
    #expect((0..<whole.count).map { whole[$0] } == expected)
    #expect(expected.contains(true) && expected.contains(false))
  }
}

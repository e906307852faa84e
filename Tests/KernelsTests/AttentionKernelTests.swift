import Foundation
import Randomness
import Tensors
import Testing

@testable import Kernels

private func smooth(_ count: Int, _ seed: Int) -> [Float] {
  var random = SplitMix64(seed: UInt64(seed))
  return (0..<count).map { _ in Float(2 * random.nextUniform() - 1) }
}

/// A table of keys and values with padded heads, and queries for its last rows.
private struct Case {
  let heads: HeadSizes
  let keyValues: [Float]
  let queries: [Float]

  init(heads: HeadSizes, keyValues: [Float], queries: [Float]) {
    self.heads = heads
    self.keyValues = keyValues
    self.queries = queries
  }

  init(_ heads: HeadSizes, tokens: Int, queries rows: Int, seed: Int) {
    self.heads = heads
    func padded(_ heads: Int, _ size: Int, _ padded: Int, _ rows: Int, _ seed: Int) -> [Float] {
      let values = smooth(rows * heads * size, seed)
      return (0..<rows * heads).flatMap { head in
        values[head * size..<(head + 1) * size] + [Float](repeating: 0, count: padded - size)
      }
    }
    keyValues = padded(2 * heads.keyValues, heads.size, heads.padded, tokens, seed)
    queries = padded(heads.queries, heads.size, heads.padded, rows, seed + 1)
  }

  /// Attention in double precision of query `row` over the rows `visible`.
  func reference(row: Int, visible: [Int], cap: Double? = nil) -> [Double] {
    (0..<heads.queries).flatMap { head -> [Double] in
      let group = head / (heads.queries / heads.keyValues)
      func key(_ token: Int, _ index: Int) -> Double {
        Double(keyValues[token * heads.keyValueWidth + group * heads.padded + index])
      }
      func value(_ token: Int, _ index: Int) -> Double {
        let start = token * heads.keyValueWidth + (heads.keyValues + group) * heads.padded
        return Double(keyValues[start + index])
      }
      let query = row * heads.queryWidth + head * heads.padded
      let scores = visible.map { token in
        let score = (0..<heads.size).reduce(0.0) {
          $0 + Double(queries[query + $1]) * key(token, $1)
        }
        return cap.map { $0 * tanh(score / $0) } ?? score
      }
      let maximum = scores.max() ?? 0
      let weights = scores.map { exp($0 - maximum) }
      let sum = weights.reduce(0, +)
      return (0..<heads.size).map { index in
        zip(visible, weights).reduce(0) { $0 + $1.1 * value($1.0, index) } / sum
      }
    }
  }

  /// The same with everything rounded that the kernel rounds before the softmax.
  func rounded(for precision: GemmPrecision) -> Case {
    guard precision == .bf16 else { return self }
    func rounded(_ values: [Float]) -> [Float] {
      var values = values
      var span = values.mutableSpan
      round(&span, to: .bf16)
      return values
    }
    return Case(heads: heads, keyValues: rounded(keyValues), queries: rounded(queries))
  }

  func run(
    prefix: [KeyRange], last: KeyRange, rows: Range<Int>, window: Int? = nil, cap: Float? = nil,
    precision: GemmPrecision = .f32
  ) -> [Float] {
    var out = [Float](repeating: .nan, count: rows.count * heads.outputWidth)
    var span = out.mutableSpan
    var scratch: [Float] = []
    attend(
      queries.span.extracting(
        rows.lowerBound * heads.queryWidth..<rows.upperBound * heads.queryWidth),
      heads: heads, keyValues: keyValues.span, prefix: prefix.span, last: last, window: window,
      cap: cap, precision: precision, scratch: &scratch, into: &span)
    return out
  }
}

private let precisions = GemmPrecision.allCases.filter(GemmBackend.standard.supports)

/// The weights of values up to 1 are rounded to bfloat16 by at most a part in 512 of themselves.
private func tolerance(_ precision: GemmPrecision) -> Double {
  precision == .f32 ? 2e-6 : 1.0 / 512 + 1e-5
}

@Suite("Attention against plain Swift")
struct AttentionKernelTests {
  @Test(
    "agrees for all head sizes and groups",
    arguments: [2, 8, 12, 16, 20, 40, 64, 80, 96, 100, 112, 128, 256],
    [(1, 1), (4, 2), (6, 2), (5, 1)])
  func accuracy(size: Int, groups: (queries: Int, keyValues: Int)) {
    let heads = HeadSizes(
      queries: groups.queries, keyValues: groups.keyValues, size: size)
    let sample = Case(heads, tokens: 37, queries: 3, seed: size)
    let prefix = [
      KeyRange(start: 20, count: 7), KeyRange(start: 0, count: 0), KeyRange(start: 2, count: 11),
    ]
    let out = sample.run(prefix: prefix, last: KeyRange(start: 30, count: 1), rows: 0..<3)
    for row in 0..<3 {
      let visible = Array(20..<27) + Array(2..<13) + Array(30..<31 + row)
      let expected = sample.reference(row: row, visible: visible)
      let actual = out[row * heads.outputWidth..<(row + 1) * heads.outputWidth]
      #expect(zip(actual, expected).allSatisfy { abs(Double($0) - $1) <= 2e-6 })
    }
  }

  @Test(
    "rounds to bfloat16 for all head sizes and groups", .enabled(if: precisions.contains(.bf16)),
    arguments: [2, 8, 12, 16, 20, 40, 64, 80, 96, 100, 112, 128, 256],
    [(1, 1), (4, 2), (6, 2), (5, 1)])
  func rounding(size: Int, groups: (queries: Int, keyValues: Int)) {
    let heads = HeadSizes(queries: groups.queries, keyValues: groups.keyValues, size: size)
    let sample = Case(heads, tokens: 37, queries: 3, seed: size)
    let prefix = [
      KeyRange(start: 20, count: 7), KeyRange(start: 0, count: 0), KeyRange(start: 2, count: 11),
    ]
    let out = sample.run(
      prefix: prefix, last: KeyRange(start: 30, count: 1), rows: 0..<3, precision: .bf16)
    for row in 0..<3 {
      let visible = Array(20..<27) + Array(2..<13) + Array(30..<31 + row)
      let expected = sample.rounded(for: .bf16).reference(row: row, visible: visible)
      let actual = out[row * heads.outputWidth..<(row + 1) * heads.outputWidth]
      #expect(zip(actual, expected).allSatisfy { abs(Double($0) - $1) <= tolerance(.bf16) })
    }
  }

  @Test(
    "sees as many keys as there are, whatever the number", arguments: 1...67,
    precisions)
  func lengths(count: Int, precision: GemmPrecision) {
    let heads = HeadSizes(queries: 2, keyValues: 1, size: 12)
    let sample = Case(heads, tokens: count, queries: 1, seed: count)
    let out = sample.run(
      prefix: [], last: KeyRange(start: 0, count: count), rows: 0..<1, precision: precision)
    let expected = sample.rounded(for: precision).reference(
      row: 0, visible: Array(0..<count))
    #expect(zip(out, expected).allSatisfy { abs(Double($0) - $1) <= tolerance(precision) })
  }

  @Test(
    "has the same bits however the keys are cut into ranges and rows into calls", arguments: 0..<8,
    precisions)
  func invariance(seed: Int, precision: GemmPrecision) {
    let heads = HeadSizes(queries: 4, keyValues: 2, size: 40)
    let sample = Case(heads, tokens: 60, queries: 20, seed: seed)
    for window in [nil, 1, 5, 16, 17, 100] as [Int?] {
      let whole = sample.run(
        prefix: [], last: KeyRange(start: 0, count: 41), rows: 0..<20, window: window,
        precision: precision)
      let cut = 1 + seed * 5
      let pieces = [
        KeyRange(start: 0, count: cut), KeyRange(start: cut, count: 3),
        KeyRange(start: cut + 3, count: 40 - cut - 3),
      ]
      let parts = sample.run(
        prefix: pieces, last: KeyRange(start: 40, count: 1), rows: 0..<20, window: window,
        precision: precision)
      #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
      let single = (0..<20).flatMap { row in
        sample.run(
          prefix: [], last: KeyRange(start: 0, count: 41 + row), rows: row..<row + 1,
          window: window, precision: precision)
      }
      #expect(single.map(\.bitPattern) == whole.map(\.bitPattern))
    }
  }

  @Test(
    "a window sees the last positions only", arguments: [1, 2, 7, 30],
    precisions)
  func windows(window: Int, precision: GemmPrecision) {
    let heads = HeadSizes(queries: 2, keyValues: 2, size: 16)
    let sample = Case(heads, tokens: 30, queries: 1, seed: window)
    let out = sample.run(
      prefix: [KeyRange(start: 0, count: 10), KeyRange(start: 10, count: 10)],
      last: KeyRange(start: 20, count: 10), rows: 0..<1, window: window, precision: precision)
    let expected = sample.rounded(for: precision).reference(
      row: 0, visible: Array((30 - window)..<30))
    #expect(zip(out, expected).allSatisfy { abs(Double($0) - $1) <= tolerance(precision) })
  }

  @Test("caps scores before it compares them", arguments: [1, 16, 17, 40], [0.25, 2, 50])
  func caps(count: Int, cap: Double) {
    for precision in precisions {
      expectCapped(count, cap, precision)
    }
  }

  private func expectCapped(_ count: Int, _ cap: Double, _ precision: GemmPrecision) {
    let heads = HeadSizes(queries: 2, keyValues: 1, size: 20)
    let sample = Case(heads, tokens: count, queries: 1, seed: count)
    let out = sample.run(
      prefix: [], last: KeyRange(start: 0, count: count), rows: 0..<1, cap: Float(cap),
      precision: precision)
    let expected = sample.rounded(for: precision).reference(
      row: 0, visible: Array(0..<count), cap: cap)
    #expect(zip(out, expected).allSatisfy { abs(Double($0) - $1) <= tolerance(precision) })
  }

  @Test("large scores neither overflow nor vanish")
  func largeScores() {
    let heads = HeadSizes(queries: 1, keyValues: 1, size: 16)
    var keyValues = [Float](repeating: 0, count: 2 * heads.keyValueWidth)
    (keyValues[0], keyValues[heads.keyValueWidth]) = (1e4, 1e4 - 1)
    (keyValues[16], keyValues[heads.keyValueWidth + 16]) = (1, 2)
    var out = [Float](repeating: 0, count: 16)
    var span = out.mutableSpan
    var scratch: [Float] = []
    let queries: [Float] = [1] + [Float](repeating: 0, count: 15)
    attend(
      queries.span, heads: heads, keyValues: keyValues.span, prefix: [KeyRange]().span,
      last: KeyRange(start: 0, count: 2), window: nil, scratch: &scratch, into: &span)
    let expected = (1 + 2 * exp(-1.0)) / (1 + exp(-1.0))
    #expect(abs(Double(out[0]) - expected) <= 1e-6)
  }

  @Test("rotates neighbours where the table is interleaved, and nothing without a table")
  func interleaved() {
    let heads = HeadSizes(queries: 2, keyValues: 1, size: 6)
    let x = smooth(heads.projectedWidth, 3)
    let tables = [
      RotaryTable(frequencies: [1, 0.1], positions: 9, scale: 1.5, isInterleaved: true), nil,
    ]
    for rotary in tables {
      var queries = [Float](repeating: .nan, count: heads.queryWidth)
      var keyValues = [Float](repeating: .nan, count: heads.keyValueWidth)
      var querySpan = queries.mutableSpan
      var keyValueSpan = keyValues.mutableSpan
      splitHeads(
        x.span, bias: [Float]().span, heads: heads, positions: [Int32(7)].span, rotary: rotary,
        queryScale: 0.5, queries: &querySpan, keyValues: &keyValueSpan)
      for head in 0..<4 {
        let plain = (0..<6).map { Double(x[head * 6 + $0]) }
        let out = Array((queries + keyValues)[head * 16..<(head + 1) * 16])
        for index in 0..<6 {
          var expected = plain[index]
          if rotary != nil, head < 3, index < 4 {
            let angle = 7 * (index < 2 ? 1 : 0.1)
            let other = index.isMultiple(of: 2) ? -plain[index + 1] : plain[index - 1]
            expected = 1.5 * (plain[index] * cos(angle) + other * sin(angle))
          }
          #expect(abs(Double(out[index]) - (head < 2 ? 0.5 : 1) * expected) <= 1e-6)
        }
        #expect(out[6...].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test("splits, rotates and pads heads", arguments: [2, 8, 12, 32, 40, 64], [false, true])
  func splitting(size: Int, hasBias: Bool) {
    let heads = HeadSizes(queries: 4, keyValues: 2, size: size)
    let rotated = size / 4 * 2
    let frequencies = (0..<rotated / 2).map { Float(pow(100, -Double($0) / 4)) }
    let rotary = RotaryTable(frequencies: frequencies, positions: 50)
    let positions: [Int32] = [0, 7, 49]
    let x = smooth(3 * heads.projectedWidth, size)
    let bias = hasBias ? smooth(heads.projectedWidth, 9) : []
    var queries = [Float](repeating: .nan, count: 3 * heads.queryWidth)
    var keyValues = [Float](repeating: .nan, count: 3 * heads.keyValueWidth)
    var querySpan = queries.mutableSpan
    var keyValueSpan = keyValues.mutableSpan
    splitHeads(
      x.span, bias: bias.span, heads: heads, positions: positions.span, rotary: rotary,
      queryScale: 0.5, queries: &querySpan, keyValues: &keyValueSpan)
    let half = rotated / 2
    for row in 0..<3 {
      for head in 0..<8 {
        let start = row * heads.projectedWidth + head * size
        let plain = (0..<size).map {
          Double(x[start + $0] + (hasBias ? bias[head * size + $0] : 0))
        }
        let out =
          head < 4
          ? queries[(row * 4 + head) * heads.padded..<(row * 4 + head + 1) * heads.padded]
          : keyValues[(row * 4 + head - 4) * heads.padded..<(row * 4 + head - 3) * heads.padded]
        let scale = head < 4 ? 0.5 : 1
        for (index, value) in out.enumerated() {
          var expected = index < size ? plain[index] : 0
          if head < 6, index < rotated {
            let angle = Double(positions[row]) * Double(frequencies[index % half])
            let (c, s) = (cos(angle), sin(angle))
            expected =
              index < half
              ? plain[index] * c - plain[index + half] * s
              : plain[index] * c + plain[index - half] * s
          }
          // Angles up to 49 are rounded to single precision.
          #expect(abs(Double(value) - scale * expected) <= 1e-5)
        }
      }
    }
  }
}

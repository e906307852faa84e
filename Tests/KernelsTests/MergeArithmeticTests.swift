import Randomness
import Testing

@testable import Kernels

/// Normal deviates with zeros, equal magnitudes and corner values among them.
func rowSample(_ count: Int, seed: UInt64) -> [Float] {
  let stream = RandomStream(seed: seed, purpose: .examples)
  let corners: [Float] = [0, -0.0, 1, -1, .leastNonzeroMagnitude, -1e-30, 0.25, -0.25]
  return stream.normals(count).enumerated().map { index, value in
    index % 5 == 4 ? corners[(index / 5) % corners.count] : Float(value)
  }
}

/// A stack over elements `first...` whose rows hold `rows`.
func stack(_ rows: [[Float]], first: Int = 0) -> MergeStack {
  let count = rows[0].count
  var stack = MergeStack(rows: rows.count, capacity: max(1, count))
  stack.move(to: first..<first + count)
  for (index, row) in rows.enumerated() {
    stack.withMutableRow(index) { span in
      for element in row.indices { span[element] = row[element] }
    }
  }
  return stack
}

func contents(of stack: MergeStack, row: Int) -> [Float] {
  stack.withRow(row) { span in span.indices.map { span[$0] } }
}

/// Runs `body` on an output that starts with `start`.
private func output(_ start: [Float], _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
  var values = start
  var span = values.mutableSpan
  body(&span)
  return values
}

@Suite("Merge arithmetic against plain Swift")
struct MergeArithmeticTests {
  @Test("weighted sums, for all tails", arguments: 0...67)
  func sums(count: Int) {
    let rows = [rowSample(count, seed: 1), rowSample(count, seed: 2)]
    let start = rowSample(count, seed: 3)
    let stack = stack(rows)
    let sum = output(start) { stack.accumulate(1, weight: 0.3, into: &$0) }
    #expect(bits(sum) == bits(zip(start, rows[1]).map { $0 + 0.3 * $1 }))
    let based = output(start) { stack.add(0, to: &$0, lambda: -0.7) }
    #expect(bits(based) == bits(zip(start, rows[0]).map { $1 + -0.7 * $0 }))
    let divided = output(start) { divide(&$0, by: 3) }
    #expect(bits(divided) == bits(start.map { $0 / 3 }))
    let scaled = output(start) { multiply(&$0, by: 0.1) }
    #expect(bits(scaled) == bits(start.map { $0 * 0.1 }))
    let copied = output(start) { stack.copy(1, into: &$0) }
    #expect(bits(copied) == bits(rows[1]))
  }

  @Test("differences from the base, for all tails", arguments: 0...67)
  func deltas(count: Int) {
    let (x, base) = (rowSample(count, seed: 4), rowSample(count, seed: 5))
    var stack = stack([base, x], first: 100)
    stack.makeDelta(1, from: 0, scale: 1.7, weight: -0.3, keeping: .all)
    #expect(
      bits(contents(of: stack, row: 1)) == bits(zip(x, base).map { (($0 - $1) * 1.7) * -0.3 }))
    #expect(bits(contents(of: stack, row: 0)) == bits(base))
  }

  @Test("keeps magnitudes above the cut and the first ties", arguments: 0...67)
  func trimming(count: Int) {
    let base = [Float](repeating: 0, count: count)
    let x = rowSample(count, seed: 6)
    let cut = Float(0.25)
    let first = 1000
    for tieLimit in [0, first, first + count / 2, first + count + 9, Int.max] {
      var stack = stack([base, x], first: first)
      stack.makeDelta(
        1, from: 0, scale: 1, weight: 1,
        keeping: .magnitudes(cut: cut.bitPattern, tieLimit: tieLimit))
      let expected = x.enumerated().map { index, value -> Float in
        let isKept = abs(value) > cut || (abs(value) == cut && first + index < tieLimit)
        return isKept ? value : 0
      }
      #expect(contents(of: stack, row: 1) == expected, "limit \(tieLimit)")
    }
  }

  @Test(
    "drops what the words of the elements say",
    arguments: [0, 1, 3, 63, 64, 65, 1_000_003, 1 << 34 | 5], [0, 1, 5, 64, 67, 200])
  func masking(first: Int, count: Int) {
    let base = rowSample(count, seed: 7)
    let x = rowSample(count, seed: 8)
    let words = ElementWords(maskSeed: 7, tensor: "w", position: 1)
    for density in [0.0, 0.3, 0.5, 1] {
      let threshold = UInt64((density * 0x1p32).rounded(.up))
      var stack = stack([base, x], first: first)
      stack.makeDelta(
        1, from: 0, scale: 2, weight: 0.5, keeping: .masked(key: words.key, threshold: threshold))
      let expected = x.indices.map { index -> Float in
        let isKept = Double(words.word(at: first + index)) * 0x1p-32 < density
        return isKept ? ((x[index] - base[index]) * 2) * 0.5 : 0
      }
      #expect(bits(contents(of: stack, row: 1)) == bits(expected), "density \(density)")
    }
  }

  @Test("elects signs, + where the sum is zero", arguments: 0...67, [true, false])
  func election(count: Int, normalize: Bool) {
    let weights: [Float] = [1, -1, 0.5]
    var rows = (0..<3).map { rowSample(count, seed: UInt64(20 + $0)) }
    if count > 2 {
      // A tie of the vote, weights that cancel, and no vote at all.
      (rows[0][0], rows[1][0], rows[2][0]) = (1, -1, 0)
      (rows[0][1], rows[1][1], rows[2][1]) = (2, 3, 0)
      (rows[0][2], rows[1][2], rows[2][2]) = (0, 0, 0)
    }
    let stack = stack([rowSample(count, seed: 30)] + rows)
    let result = output([Float](repeating: 9, count: count)) {
      stack.elect(1..<4, weights: weights, normalize: normalize, into: &$0)
    }
    let expected = (0..<count).map { element -> Float in
      let values = rows.map { $0[element] }
      let isPositive = values.reduce(0, +) >= 0
      var (sum, divisor): (Float, Float) = (0, 0)
      for (value, weight) in zip(values, weights) where isPositive ? value > 0 : value < 0 {
        sum += value
        divisor += weight
      }
      return normalize ? sum / (divisor == 0 ? 1 : divisor) : sum
    }
    #expect(bits(result) == bits(expected))
    if count > 2 { #expect(result[..<3] == [1, 5, 0]) }
  }

  @Test("an election without candidates yields zeros")
  func emptyElection() {
    let stack = stack([[1, 2, 3]])
    let result = output([9, 9, 9]) { stack.elect(1..<1, weights: [], normalize: true, into: &$0) }
    #expect(result == [0, 0, 0])
  }
}

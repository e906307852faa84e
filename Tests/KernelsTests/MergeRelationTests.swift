import Randomness
import Testing

@testable import Kernels

@Suite("Merge arithmetic of several models against plain Swift")
struct MergeRelationTests {
  private let first = 1000

  /// A base and three models, some of whose elements equal the base's.
  private func rows(_ count: Int) -> [[Float]] {
    let base = rowSample(count, seed: 1)
    var rows = [base]
    for seed in 2...4 {
      var row = rowSample(count, seed: UInt64(seed))
      for index in row.indices where (index + seed) % 3 == 0 { row[index] = base[index] }
      rows.append(row)
    }
    return rows
  }

  private func merged(_ count: Int, _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
    var values = [Float](repeating: .nan, count: count)
    var span = values.mutableSpan
    body(&span)
    return values
  }

  private func variance(_ rows: [[Float]], _ element: Int) -> Float {
    let deltas = rows.dropFirst().map { Double($0[element] - rows[0][element]) }
    let mean = deltas.reduce(0, +) / Double(deltas.count)
    return Float(
      deltas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(deltas.count))
  }

  @Test("bands and lists of survivors, for all tails", arguments: 0...67)
  func survivors(count: Int) {
    let base = [Float](repeating: 0, count: count)
    let x = rowSample(count, seed: 6)
    let limits = [
      (Float(0.25), 0), (0.25, first + count / 3), (0, Int.max), (1, first + 20), (9, 0),
    ]
    func isBefore(_ index: Int, _ limit: (Float, Int)) -> Bool {
      abs(x[index]) > limit.0 || (abs(x[index]) == limit.0 && first + index < limit.1)
    }
    for low in limits {
      for high in limits {
        var stack = stack([base, x], first: first)
        stack.makeDelta(
          1, from: 0, scale: 2, weight: 0.5,
          keeping: .band(
            low: .init(cut: low.0.bitPattern, tieLimit: low.1),
            high: .init(cut: high.0.bitPattern, tieLimit: high.1)))
        let expected = x.indices.map { isBefore($0, low) && !isBefore($0, high) ? x[$0] : 0 }
        #expect(contents(of: stack, row: 1) == expected)
      }
    }
    var mask = KeepMask(count: first + count)
    _ = mask.keep(
      x.span, ranks: [UInt32](repeating: 0, count: count).span, at: first, key: 7, first: first,
      low: 0.5, slope: 0)
    var stack = stack([base, x], first: first)
    stack.makeDelta(1, from: 0, scale: 2, weight: 0.5, keeping: .listed(mask))
    #expect(contents(of: stack, row: 1) == x.indices.map { mask[first + $0] ? x[$0] : 0 })
  }

  @Test("variances and their squares, for all tails", arguments: 0...67)
  func variances(count: Int) {
    let rows = rows(count)
    var stack = stack(rows, first: first)
    stack.measureVariances(of: [1, 2, 3], from: 0)
    let found = stack.withMeasure { span in span.indices.map { span[$0] } }
    let expected = (0..<count).map { variance(rows, $0) }
    #expect(found == expected)
    var sums = [Double](repeating: 0, count: MagnitudeBins.binCount * 3)
    stack.addSquares(of: [1, 2, 3], from: 0, toBins: &sums)
    let cut = Float(0.5)
    let bin = Int(cut.bitPattern >> 15)
    var inBin = [Double](repeating: 0, count: 3)
    stack.addSquares(
      of: [1, 2, 3], from: 0, inBin: bin, cut: UInt32(bin) << 15, tieLimit: .max, to: &inBin)
    var total = [0.0, 0, 0]
    for element in 0..<count {
      for model in 0..<3 {
        let delta = Double(rows[model + 1][element] - rows[0][element])
        total[model] += delta * delta
      }
    }
    for model in 0..<3 {
      let binned = stride(from: model, to: sums.count, by: 3).reduce(0.0) { $0 + sums[$1] }
      #expect(abs(binned - total[model]) <= 1e-13 * (1 + total[model]))
      #expect(sums[bin * 3 + model] == inBin[model])
    }
  }

  @Test("sce selects, elects and shares out, for all tails", arguments: 0...67)
  func fusion(count: Int) {
    let rows = rows(count)
    let stack = stack(rows, first: first)
    let shares: [Float] = [0.5, 0.2, 0.3]
    let cut = count > 0 ? variance(rows, count / 2) : 1
    for (key, limit) in [(UInt32(0), Int.max), (cut.bitPattern, first + count / 2 + 1)] {
      let found = merged(count) {
        stack.fuse([1, 2, 3], onto: 0, shares: shares, cut: key, tieLimit: limit, into: &$0)
      }
      for element in 0..<count {
        let base = rows[0][element]
        let own = variance(rows, element).bitPattern
        let isKept = key == 0 || own > key || (own == key && first + element < limit)
        let deltas = rows.dropFirst().map { $0[element] - base }
        let isPositive = deltas.reduce(0, +) >= 0
        var (sum, divisor): (Float, Float) = (0, 0)
        for (delta, share) in zip(deltas, shares) where isPositive ? delta > 0 : delta < 0 {
          sum += share * delta
          divisor += share
        }
        let expected = isKept ? base + sum / max(divisor, 1e-6) : base
        #expect(found[element] == expected)
      }
    }
  }

  @Test("nearswap, for all tails", arguments: 0...67)
  func nearswap(count: Int) {
    let rows = rows(count)
    let stack = stack(rows, first: first)
    let t = Float(0.3)
    let found = merged(count) { stack.swapNear(0, 1, t: t, into: &$0) }
    let expected = zip(rows[0], rows[1]).map { base, x in
      let share = min(1, max(0, t / max(abs(base - x), 1e-6)))
      return share * x + (1 - share) * base
    }
    #expect(found == expected)
  }

  @Test("importances and choices, for all tails", arguments: 0...67)
  func choices(count: Int) {
    let rows = rows(count)
    for length in [1, 7, 16, 2000] {
      var stack = stack(rows, first: first)
      let factors = rowSample((first + count) / length + 1, seed: 9).map { Double(abs($0)) * 0.37 }
      stack.measureImportance(of: 1, from: 0, rowFactors: factors, rowLength: length)
      let expected = (0..<count).map {
        Float(Double(abs(rows[1][$0] - rows[0][$0])) * factors[(first + $0) / length])
      }
      #expect(stack.withMeasure { span in span.indices.map { span[$0] } } == expected)
      let found = merged(count) { stack.choose(1, over: 0, fromImportance: 0.2, into: &$0) }
      #expect(found == (0..<count).map { rows[Double(expected[$0]) >= 0.2 ? 1 : 0][$0] })
    }
  }

  @Test("ram counts and averages, for all tails", arguments: 0...67)
  func activity(count: Int) {
    let rows = rows(count)
    let stack = stack(rows, first: first)
    let epsilon = Float(0.2)
    var (shared, unique) = ([UInt64](repeating: 1, count: 3), [UInt64](repeating: 2, count: 3))
    stack.countOverlaps(of: [1, 2, 3], from: 0, epsilon: epsilon, shared: &shared, unique: &unique)
    var expected = (
      shared: [UInt64](repeating: 1, count: 3), unique: [UInt64](repeating: 2, count: 3)
    )
    let factors: [Float] = [1.5, 1, 1.25]
    let found = merged(count) {
      stack.addActive([1, 2, 3], onto: 0, epsilon: epsilon, loneFactors: factors, into: &$0)
    }
    for element in 0..<count {
      let deltas = rows.dropFirst().map { $0[element] - rows[0][element] }
      let active = deltas.indices.filter { abs(deltas[$0]) > epsilon }
      for model in active {
        if active.count == 1 { expected.unique[model] += 1 } else { expected.shared[model] += 1 }
      }
      let change: Float =
        switch active.count {
        case 0: 0
        case 1: factors[active[0]] * deltas[active[0]]
        default: active.reduce(0) { $0 + deltas[$1] } / Float(active.count)
        }
      #expect(found[element] == rows[0][element] + change)
    }
    #expect(shared == expected.shared && unique == expected.unique)
  }
}

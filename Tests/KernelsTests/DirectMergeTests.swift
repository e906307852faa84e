import Randomness
import Tensors
import Testing

@testable import Kernels

@Suite("Direct merges against plain Swift")
struct DirectMergeTests {
  static let dtypes: [DType] = [.f32, .f16, .bf16]
  /// All tails of one block, and what lies around the ends of blocks.
  static let counts = Array(0...67) + [255, 256, 257, 511, 513, 700]

  private func rows(_ count: Int, _ dtype: DType, models: Int) throws -> [StoredRow] {
    let base = rowSample(count, seed: 40)
    return try (0..<models).map { model in
      let deltas = rowSample(count, seed: UInt64(41 + model))
      return try StoredRow(model == 0 ? base : zip(base, deltas).map { $0 + $1 / 8 }, dtype)
    }
  }

  @Test("weighted sums", arguments: counts, dtypes)
  func sums(count: Int, dtype: DType) throws {
    let rows = try rows(count, dtype, models: 3)
    for (weights, divisor) in [([0.3, -0.7, 0.5] as [Float], 1 as Float), ([1, 1, 1], 3)] {
      let merge = DirectMerge(weights: weights, divisor: divisor)
      for result in Self.dtypes {
        expect(merge, rows, 0..<count, result) { element in
          let sum = zip(weights, rows).reduce(0 as Float) { $0 + $1.0 * $1.1.values[element] }
          return divisor == 1 ? sum : sum / divisor
        }
      }
    }
  }

  @Test("copies", arguments: counts, dtypes)
  func copies(count: Int, dtype: DType) throws {
    let rows = try rows(count, dtype, models: 1)
    for result in Self.dtypes {
      expect(DirectMerge(copyingTimes: nil), rows, 0..<count, result) { rows[0].values[$0] }
      expect(DirectMerge(copyingTimes: 0.3), rows, 0..<count, result) {
        rows[0].values[$0] * 0.3
      }
    }
  }

  @Test("numbers that are special", arguments: dtypes, dtypes)
  func specials(dtype: DType, result: DType) throws {
    let numbers = specialNumbers.flatMap { corner in specialNumbers.map { (corner, $0) } }
    let rows = [
      try StoredRow(numbers.map(\.0), dtype), try StoredRow(numbers.map(\.1), dtype),
    ]
    expect(DirectMerge(weights: [1, 0.5], divisor: 1), rows, 0..<numbers.count, result) {
      0 + 1 * rows[0].values[$0] + 0.5 * rows[1].values[$0]
    }
    expect(DirectMerge(copyingTimes: nil), [rows[0]], 0..<numbers.count, result) {
      rows[0].values[$0]
    }
    let terms = [DirectMerge.Term(scale: 2, weight: 0.5, survivors: .all)]
    let merge = try #require(
      DirectMerge(terms, combined: .election(normalize: true), lambda: 0.5))
    expect(merge, rows, 0..<numbers.count, result) { element in
      let (base, x) = (rows[0].values[element], rows[1].values[element])
      let value = ((x - base) * 2) * 0.5
      let agrees = value >= 0 ? value > 0 : value < 0
      return base + 0.5 * (agrees ? value / 0.5 : 0)
    }
  }

  private static let words = ElementWords(maskSeed: 7, tensor: "w", position: 1)

  /// What a term leaves of element `index`.
  private func thinned(_ term: DirectMerge.Term, _ delta: Float, _ index: Int) -> Float {
    let isKept =
      switch term.survivors {
      case .all: true
      case .magnitudes(let cut, let tieLimit):
        Self.isBefore(.init(cut: cut, tieLimit: tieLimit), delta, index)
      case .band(let low, let high):
        Self.isBefore(low, delta, index) && !Self.isBefore(high, delta, index)
      case .listed(let mask): mask[index]
      case .masked(let key, let threshold, _):
        UInt64(Self.word(of: key, at: index)) < threshold
      }
    return isKept ? (delta * term.scale) * term.weight : 0
  }

  private static func word(of key: UInt64, at index: Int) -> UInt32 {
    let all = [words] + (1...2).map { ElementWords(maskSeed: 8, tensor: "w", position: $0) }
    return all.first { $0.key == key }?.word(at: index) ?? 0
  }

  /// Whether an element comes before a place in the descending order of magnitudes.
  private static func isBefore(
    _ limit: MergeStack.MagnitudeLimit, _ delta: Float, _ index: Int
  ) -> Bool {
    let key = abs(delta).bitPattern
    return key > limit.cut || (key == limit.cut && index < limit.tieLimit)
  }

  /// Terms of every kind for a tensor of `count` elements.
  private func terms(for count: Int) -> [DirectMerge.Term] {
    let element = count / 2
    let cut = Float(0.03125).bitPattern
    let band = MergeStack.Survivors.band(
      low: .init(cut: cut, tieLimit: element),
      high: .init(cut: Float(0.0625).bitPattern, tieLimit: element / 2))
    var mask = KeepMask(count: count)
    let magnitudes = rowSample(count, seed: 50).map { abs($0) }
    let ranks = (0..<UInt32(count)).map { $0 }
    _ = mask.keep(
      magnitudes.span, ranks: ranks.span, at: 0, key: 5, first: 0, low: 0.5, slope: 0)
    return [
      .init(scale: 1.7, weight: 0.4, survivors: band),
      .init(scale: 1, weight: -0.6, survivors: .listed(mask)),
      .init(scale: 1.7, weight: 0.4, survivors: .magnitudes(cut: cut, tieLimit: element)),
      .init(scale: 1, weight: -0.3, survivors: .all),
      .init(scale: 2, weight: 0.6, survivors: .masked(key: Self.words.key, threshold: 1 << 31)),
      .init(scale: 1, weight: 1, survivors: .magnitudes(cut: 0, tieLimit: .max)),
      .init(scale: 1, weight: 1, survivors: .masked(key: Self.words.key, threshold: 1 << 32)),
      .init(scale: 1, weight: 1, survivors: .masked(key: Self.words.key, threshold: 0)),
    ]
  }

  @Test("task vectors", arguments: counts, dtypes)
  func taskVectors(count: Int, dtype: DType) throws {
    for first in [0, 3] where first <= count {
      let all = terms(for: count)
      for selection in [all, Array(all[0..<1]), Array(all[0..<2]), Array(all[0..<3]), []] {
        let rows = try rows(count, dtype, models: 1 + selection.count)
        func values(_ element: Int) -> [Float] {
          zip(selection, rows.dropFirst()).map {
            thinned($0, $1.values[element] - rows[0].values[element], element)
          }
        }
        let sum = try #require(DirectMerge(selection, combined: .sum(divisor: 3), lambda: 0.9))
        expect(sum, rows, first..<count, dtype) { element in
          rows[0].values[element] + 0.9 * (values(element).reduce(0, +) / 3)
        }
        for normalize in [true, false] {
          let elected = try #require(
            DirectMerge(selection, combined: .election(normalize: normalize), lambda: 0.9))
          expect(elected, rows, first..<count, dtype) { element in
            rows[0].values[element]
              + 0.9 * Self.elected(values(element), selection, normalize: normalize)
          }
        }
      }
    }
  }

  @Test("sce", arguments: counts, dtypes)
  func fusion(count: Int, dtype: DType) throws {
    for shares in [[0.2, 0.8], [0.3, 0.3, 0.4]] as [[Float]] {
      let rows = try rows(count, dtype, models: 1 + shares.count)
      func deltas(_ element: Int) -> [Float] {
        rows.dropFirst().map { $0.values[element] - rows[0].values[element] }
      }
      func variance(_ element: Int) -> Float {
        let deltas = deltas(element).map { Double($0) }
        let mean = deltas.reduce(0, +) / Double(deltas.count)
        let squares = deltas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Float(squares / Double(deltas.count))
      }
      let cut = count > 0 ? variance(count / 3) : 1
      for limit in [
        MergeStack.MagnitudeLimit(cut: 0, tieLimit: .max), .init(cut: cut.bitPattern, tieLimit: 0),
        .init(cut: cut.bitPattern, tieLimit: count / 3 + 1),
      ] {
        let merge = try #require(DirectMerge(shares: shares, selected: limit))
        expect(merge, rows, 0..<count, dtype) { element in
          let base = rows[0].values[element]
          guard limit.cut == 0 || Self.isBefore(limit, variance(element), element) else {
            return base
          }
          let deltas = deltas(element)
          let isPositive = deltas.reduce(0, +) >= 0
          var (sum, divisor): (Float, Float) = (0, 0)
          for (delta, share) in zip(deltas, shares) where isPositive ? delta > 0 : delta < 0 {
            sum += share * delta
            divisor += share
          }
          return base + sum / max(divisor, 1e-6)
        }
      }
    }
  }

  @Test(
    "sce of two models with variances next to the cut, however large",
    arguments: [1, 1e-22, 1e-19, 1e-15, 1e18, 1e20] as [Float])
  func closeVariances(scale: Float) throws {
    let count = 400
    let noise = rowSample(2 * count, seed: 60)
    // Units in the last place around two numbers, whose difference is seldom exact.
    let first = (0..<count).map { scale * (0.3 + noise[$0] * 0x1p-22) }
    let second = (0..<count).map { scale * (-0.017 + noise[count + $0] * 0x1p-24) }
    let rows = [
      try StoredRow([Float](repeating: 0, count: count), .f32), try StoredRow(first, .f32),
      try StoredRow(second, .f32),
    ]
    func variance(_ element: Int) -> Float {
      let (a, b) = (Double(first[element]), Double(second[element]))
      let mean = (a + b) / 2
      return Float(((a - mean) * (a - mean) + (b - mean) * (b - mean)) / 2)
    }
    let cut = (0..<count).map { variance($0).bitPattern }.sorted()[count / 2]
    guard cut > 0 else { return }
    let limit = MergeStack.MagnitudeLimit(cut: cut, tieLimit: count / 3)
    let merge = try #require(DirectMerge(shares: [0.5, 0.5], selected: limit))
    expect(merge, rows, 0..<count, .f32) { element in
      Self.isBefore(limit, variance(element), element) ? 0.5 * first[element] / 0.5 : 0
    }
  }

  @Test(
    "leading bytes decide as the words do",
    arguments: [
      0, 1, 255 << 24, 128 << 24, 77 << 24 | 1, 77 << 24 | 0xFFFFFF, 77 << 24 | 0x7FFFFF,
      (1 << 32) - 1, 1 << 32,
    ] as [UInt64], dtypes)
  func leadingBytes(threshold: UInt64, dtype: DType) throws {
    // Of 5,000 words some twenty have any given leading byte.
    let count = 5000
    var leading = LeadingBytes(key: Self.words.key)
    leading.append(1234, from: 0)
    var rest = LeadingBytes(key: Self.words.key)
    rest.append(count - 1234, from: 1234)
    leading.append(rest)
    let rows = try rows(count, dtype, models: 4)
    let terms = [0.4, -0.7, 1].map { weight in
      DirectMerge.Term(
        scale: 1.5, weight: weight,
        survivors: .masked(key: Self.words.key, threshold: threshold, leading: leading))
    }
    for (first, terms) in [(0, terms), (3, terms), (1237, Array(terms.prefix(2)))] {
      let merge = try #require(DirectMerge(terms, combined: .sum(divisor: 1), lambda: 1))
      expect(merge, Array(rows.prefix(1 + terms.count)), first..<count, dtype) { element in
        let base = rows[0].values[element]
        var sum: Float = 0
        for (term, row) in zip(terms, rows.dropFirst()) {
          sum += thinned(term, row.values[element] - base, element)
        }
        return base + sum
      }
    }
  }

  /// Terms that all keep their survivors by one rule, for a tensor of `count` elements.
  private func alike(_ rule: Int, terms: Int, count: Int) -> [DirectMerge.Term] {
    (0..<terms).map { index in
      let words = index == 0 ? Self.words : ElementWords(maskSeed: 8, tensor: "w", position: index)
      let threshold = ([1 << 31, 77 << 24 | 0x123456, 1 << 32] as [UInt64])[index]
      let cut = Float(0.02 * Float(index + 1)).bitPattern
      let ties = [count / 2, 0, .max][index]
      let survivors: MergeStack.Survivors
      switch rule {
      case 0: survivors = .all
      case 1: survivors = .magnitudes(cut: cut, tieLimit: ties)
      case 2: survivors = index == 1 ? .all : .magnitudes(cut: cut, tieLimit: ties)
      case 3:
        survivors = .band(
          low: .init(cut: cut, tieLimit: ties),
          high: .init(cut: Float(0.125).bitPattern, tieLimit: count / 3))
      case 4:
        var mask = KeepMask(count: count)
        let magnitudes = [Float](repeating: 1, count: count)
        let ranks = [UInt32](repeating: 0, count: count)
        _ = mask.keep(
          magnitudes.span, ranks: ranks.span, at: 0, key: words.key, first: 0, low: 0.4, slope: 0)
        survivors = .listed(mask)
      case 5: survivors = .masked(key: words.key, threshold: threshold)
      default:
        var leading = LeadingBytes(key: words.key)
        leading.append(count, from: 0)
        survivors = .masked(key: words.key, threshold: threshold, leading: leading)
      }
      return .init(
        scale: [1.9, 1, 2.1][index], weight: [0.4, 0.3, -0.2][index], survivors: survivors)
    }
  }

  @Test(
    "terms that are thinned out alike", arguments: Array(0...6),
    [63, 64, 127, 128, 129, 260, 700, 1501])
  func alikeTerms(rule: Int, count: Int) throws {
    for (first, termCount) in [(0, 2), (3, 3), (4, 2), (72, 3)] {
      let terms = alike(rule, terms: termCount, count: first + count)
      // Coarse numbers have magnitudes at the cuts.
      var numbers = try rows(first + count, .bf16, models: 1 + termCount).map {
        $0.values.map { ($0 * 50).rounded() / 50 }
      }
      // Signed zeros, and numbers that are none.
      for (place, corner) in specialNumbers.enumerated() where 7 * place < first + count {
        numbers[place % numbers.count][7 * place] = corner
      }
      let rows = try numbers.map { try StoredRow($0, .bf16) }
      func values(_ element: Int) -> [Float] {
        zip(terms, rows.dropFirst()).map {
          thinned($0, $1.values[element] - rows[0].values[element], element)
        }
      }
      for divisor in [1, 3] as [Float] {
        let sum = try #require(DirectMerge(terms, combined: .sum(divisor: divisor), lambda: 0.9))
        expect(sum, rows, first..<first + count, .bf16) { element in
          rows[0].values[element] + 0.9 * (values(element).reduce(0, +) / divisor)
        }
      }
      for normalize in [true, false] {
        let merge = try #require(
          DirectMerge(terms, combined: .election(normalize: normalize), lambda: 0.9))
        expect(merge, rows, first..<first + count, .bf16) { element in
          rows[0].values[element]
            + 0.9 * Self.elected(values(element), terms, normalize: normalize)
        }
      }
    }
  }

  private static func elected(
    _ values: [Float], _ terms: [DirectMerge.Term], normalize: Bool
  ) -> Float {
    let isPositive = values.reduce(0, +) >= 0
    var (total, divisor): (Float, Float) = (0, 0)
    for (value, term) in zip(values, terms) where isPositive ? value > 0 : value < 0 {
      total += value
      divisor += term.weight
    }
    return normalize ? total / (divisor == 0 ? 1 : divisor) : total
  }

  @Test("masks of elements that begin anywhere", arguments: [3, 127, 128, 200, 100_001])
  func masks(first: Int) throws {
    let term = DirectMerge.Term(
      scale: 1, weight: 1, survivors: .masked(key: Self.words.key, threshold: 3 << 30))
    let merge = try #require(DirectMerge([term], combined: .sum(divisor: 1), lambda: 1))
    let base = try StoredRow([Float](repeating: 0, count: first + 400), .bf16)
    let ones = try StoredRow([Float](repeating: 1, count: first + 400), .bf16)
    expect(merge, [base, ones], first..<first + 400, .f32) {
      UInt64(Self.words.word(at: $0)) < 3 << 30 ? 1 : 0
    }
  }

  @Test("results beyond the caches are the same", arguments: dtypes)
  func streaming(dtype: DType) throws {
    let count = (1 << 20) / (dtype.bitWidth / 8) + 77
    let small = try rows(997, .bf16, models: 3)
    let rows = try small.map { row in
      try StoredRow((0..<count).map { row.values[$0 % 997] }, .bf16)
    }
    let terms = terms(for: count)[0..<2]
    let cut = Float(0.0001).bitPattern
    let merges =
      [
        DirectMerge(weights: [0.3, 0.3, 0.4], divisor: 1),
        try #require(DirectMerge(Array(terms), combined: .election(normalize: true), lambda: 1)),
        try #require(
          DirectMerge(shares: [0.4, 0.6], selected: .init(cut: cut, tieLimit: 300_000))),
      ]
      + (1...6).map { rule in
        DirectMerge(
          alike(rule, terms: 2, count: count), combined: .election(normalize: false), lambda: 1)
      }.compactMap { $0 }
    for merge in merges {
      for start in [0, 1, 5] {
        let whole = results(merge, rows, start..<count, dtype)
        var bytes: [UInt8] = []
        for piece in stride(from: start, to: count, by: 50_000) {
          bytes += results(merge, rows, piece..<min(count, piece + 50_000), dtype).bytes
        }
        #expect(whole.bytes == bytes)
      }
    }
  }
}

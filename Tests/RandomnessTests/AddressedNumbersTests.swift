import Randomness
import Testing

@Suite("Addressed random numbers") struct AddressedNumbersTests {
  struct KnownAnswer: CustomTestStringConvertible {
    let counter: Philox4x32.Block
    let key: UInt64
    let output: Philox4x32.Block
    var testDescription: String { "counter \(counter)" }
  }

  /// From the Random123 distribution, and one with a small key.
  static let knownAnswers = [
    KnownAnswer(
      counter: .init(0, 0, 0, 0), key: 0,
      output: .init(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
    KnownAnswer(
      counter: .init(.max, .max, .max, .max), key: .max,
      output: .init(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
    KnownAnswer(
      counter: .init(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: 0x299f_31d0_a409_3822,
      output: .init(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)),
    KnownAnswer(
      counter: .init(0, 3, 7, 1), key: 42,
      output: .init(0x8a66_9d03, 0xb9c9_e475, 0x166d_cab0, 0xe515_548d)),
  ]

  @Test("Philox gives its known answers", arguments: knownAnswers)
  func philox(answer: KnownAnswer) {
    #expect(Philox4x32(key: answer.key).block(at: answer.counter) == answer.output)
  }

  @Test("SplitMix64 gives its known answers") func splitMix() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("FNV-1a gives its known answers") func fnv() {
    #expect(fnv1a64("".utf8) == 0xcbf2_9ce4_8422_2325)
    #expect(fnv1a64("a".utf8) == 0xaf63_dc4c_8601_ec8c)
    #expect(fnv1a64("foobar".utf8) == 0x8594_4171_f739_67e8)
  }

  @Test("a stream lays out its counter as (block, candidate, generation, purpose | run << 8)")
  func counterLayout() {
    // The last known answer: block 0, candidate 3, generation 7, Gaussian stream, seed 42.
    let stream = RandomStream(seed: 42, purpose: .gaussian, generation: 7, candidate: 3)
    #expect(stream.block(at: 0) == .init(0x8a66_9d03, 0xb9c9_e475, 0x166d_cab0, 0xe515_548d))
    #expect(stream.word(at: 0) == 0x8a66_9d03_b9c9_e475)
    #expect(stream.word(at: 1) == 0x166d_cab0_e515_548d)
    let other = RandomStream(seed: 42, purpose: .categories, run: 5, generation: 7, candidate: 3)
    #expect(other.block(at: 9) == Philox4x32(key: 42).block(at: .init(9, 3, 7, 0x502)))
  }

  @Test("a uniform takes 27 and 26 bits of two words") func uniformBits() {
    let stream = RandomStream(seed: 42, purpose: .gaussian, generation: 7, candidate: 3)
    let bits = UInt64(0x8a66_9d03 >> 5) << 26 | UInt64(0xb9c9_e475 >> 6)
    #expect(stream.uniform(at: 0) == Double(bits) / 9_007_199_254_740_992)
  }

  @Test("draws do not depend on how many are asked for", arguments: [0, 1, 2, 3, 17, 64])
  func addressedPerCoordinate(count: Int) {
    let stream = RandomStream(seed: 3, purpose: .gaussian, generation: 1, candidate: 2)
    #expect(stream.normals(count) == (0..<count).map { stream.normal(at: $0) })
    #expect(stream.normals(count) == Array(stream.normals(100).prefix(count)))
  }

  @Test("normals have the moments of a standard normal") func moments() {
    let values = RandomStream(seed: 11, purpose: .examples).normals(20_000)
    func moment(_ power: Int) -> Double {
      values.map { value in (0..<power).reduce(1.0) { product, _ in product * value } }
        .reduce(0, +) / Double(values.count)
    }
    // Five standard errors of each moment over 20,000 draws.
    #expect(abs(moment(1)) < 0.036)
    #expect(abs(moment(2) - 1) < 0.05)
    #expect(abs(moment(3)) < 0.14)
    #expect(abs(moment(4) - 3) < 0.35)
  }

  @Test("uniforms fill [0, 1) evenly") func evenness() {
    let stream = RandomStream(seed: 12, purpose: .examples)
    var counts = [Int](repeating: 0, count: 16)
    for index in 0..<16_000 { counts[Int(stream.uniform(at: index) * 16)] += 1 }
    for count in counts { #expect(abs(count - 1000) < 160) }
  }

  @Test("bounded integers stay below their bound and reach every value") func integers() {
    let stream = RandomStream(seed: 13, purpose: .resampling)
    let seen = Set((0..<200).map { stream.integer(at: $0, below: 7) })
    #expect(seen == Set(0..<7))
    #expect((0..<10).allSatisfy { stream.integer(at: $0, below: 1) == 0 })
  }

  @Test("a stream read in sequence gives its words in order") func sequential() {
    let stream = RandomStream(seed: 14, purpose: .examples, candidate: 1)
    var sequential = stream.sequential
    #expect((0..<5).map { _ in sequential.next() } == (0..<5).map { stream.word(at: $0) })
  }
}

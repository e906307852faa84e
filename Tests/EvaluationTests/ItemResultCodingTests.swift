import Diagnostics
import Evaluation
import Tasks
import Testing

@Suite("Item results as bytes") struct ItemResultCodingTests {
  static let scored = ScoredText(nats: -1.25, tokenCount: 300, isGreedy: true)

  static let samples: [[ItemResult]] = [
    [],
    [
      ItemResult(
        itemID: "é-1", values: ["acc": .value(1), "acc_norm": .value(0)],
        detail: .choices(
          [scored, ScoredText(nats: -0.0, tokenCount: 1, isGreedy: false)], predicted: 1)),
      ItemResult(
        itemID: "", values: ["acc": .value(0), "acc_norm": .value(1)],
        detail: .choices([scored], predicted: 0)),
    ],
    [
      ItemResult(
        itemID: "t", values: ["bits_per_byte": .ratio(numerator: -3, denominator: 7)],
        detail: .text(scored))
    ],
    [
      ItemResult(
        itemID: "c", values: ["acc": .value(1), "perplexity": .value(-3.5)],
        detail: .continuation(scored))
    ],
    GenerationEvidence.allCases.map {
      ItemResult(
        itemID: "g\($0.rawValue)", values: ["exact_match": .value(1)],
        detail: .generation(text: $0 == .open ? nil : " 2\n", evidence: $0))
    },
  ]

  @Test("read back as they were", arguments: samples)
  func roundTrip(items: [ItemResult]) throws {
    #expect(try ItemResultCoding.decode(ItemResultCoding.encode(items), at: "") == items)
  }

  @Test("have the documented layout")
  func layout() {
    let bytes = ItemResultCoding.encode([
      ItemResult(
        itemID: "a", values: ["m": .value(1)], detail: .generation(text: "x", evidence: .proved))
    ])
    #expect(
      bytes == [
        1, 1, 1, 0x6D, 0, 1, 1, 0x61, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 3, 1, 1, 1, 0x78,
      ])
  }

  @Test("are refused when cut off or damaged, at any byte", arguments: samples)
  func damage(items: [ItemResult]) throws {
    let bytes = ItemResultCoding.encode(items)
    for end in 0..<bytes.count {
      #expect(throws: Diagnostic.self) {
        try ItemResultCoding.decode(Array(bytes[..<end]), at: "here")
      }
    }
    #expect(throws: Diagnostic.self) { try ItemResultCoding.decode(bytes + [0], at: "here") }
    for position in bytes.indices {
      for value in [UInt8(0x00), 0x7F, 0x80, 0xFF] {
        var damaged = bytes
        damaged[position] = value
        _ = try? ItemResultCoding.decode(damaged, at: "here")
      }
    }
  }

  @Test("name an unknown version")
  func version() throws {
    let error = #expect(throws: Diagnostic.self) {
      try ItemResultCoding.decode([9], at: "row 3")
    }
    #expect(
      error?.description == """
        row 3: item results of version 9, but this program reads version 1
          fix: read them with the program that wrote them
        """)
  }

  @Test("drop text where it is not kept")
  func withoutText() {
    let kept = Self.samples[4][0]
    #expect(kept.withoutText.detail == .generation(text: nil, evidence: .decoded))
    #expect(Self.samples[2][0].withoutText == Self.samples[2][0])
  }
}

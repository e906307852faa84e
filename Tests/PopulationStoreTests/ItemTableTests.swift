import Diagnostics
import PopulationStore
import Randomness
import Testing

@Suite("Item tables") struct ItemTableTests {
  /// A table with every kind of column, its size and values drawn from the seed.
  private func table(seed: UInt64) -> ItemTable {
    var generator = SplitMix64(seed: seed)
    let count = Int(generator.next() % 6)
    let special: [Double] = [0, -0.0, 1, .pi, .infinity, .nan, .leastNonzeroMagnitude, -1e300]
    func real() -> Double { special[Int(generator.next() % UInt64(special.count))] }
    let reals = (0..<count).map { _ in real() }
    return ItemTable(
      positions: (0..<count).map { _ in Int(generator.next() % (1 << 32)) },
      columns: [
        .init("reals", .reals(reals)),
        .init("flags", .reals(reals.map { $0 > 0 ? 1 : 0 })),
        .init("ratios", .ratios(numerators: reals, denominators: reals.reversed())),
        .init(
          "integers", .integers((0..<count).map { _ in Int(bitPattern: UInt(generator.next())) })),
        .init("bytes", .integers((0..<count).map { _ in Int(generator.next() % 256) })),
        .init(
          "lists", .realLists((0..<count).map { index in (0..<index).map { _ in real() } })),
        .init("texts", .texts((0..<count).map { String(repeating: "é\n", count: $0) })),
      ])
  }

  @Test("come back from their bytes, to the bit", arguments: 0..<32 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    let table = table(seed: seed)
    let back = try ItemTable(decoding: table.encoded, at: "test")
    #expect(back.positions == table.positions)
    #expect(back.columns.map(\.name) == table.columns.map(\.name))
    for (left, right) in zip(back.columns, table.columns) {
      switch (left.values, right.values) {
      case (.reals(let left), .reals(let right)):
        #expect(left.map(\.bitPattern) == right.map(\.bitPattern))
      case (.ratios(let a, let b), .ratios(let c, let d)):
        #expect((a + b).map(\.bitPattern) == (c + d).map(\.bitPattern))
      case (.realLists(let left), .realLists(let right)):
        #expect(left.map { $0.map(\.bitPattern) } == right.map { $0.map(\.bitPattern) })
      default:
        #expect(left.values == right.values)
      }
    }
    #expect(back.encoded == table.encoded)
  }

  @Test("have the documented layout")
  func layout() {
    let table = ItemTable(
      positions: [3, 258],
      columns: [.init("acc", .reals([1, 0])), .init("n", .integers([-1, 2]))])
    var expected: [UInt8] = Array("MVIT".utf8)
    expected += [1, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 0, 0, 2, 0]
    expected += [3] as [UInt8] + Array("acc".utf8)
    expected += [2, 1, 0]
    expected += [1] as [UInt8] + Array("n".utf8)
    expected += [4, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0, 0]
    #expect(table.encoded == expected)
  }

  @Test("refuse bytes that end early or go on", arguments: 0..<4 as Range<UInt64>)
  func truncated(seed: UInt64) {
    let bytes = table(seed: seed).encoded
    for count in 0..<bytes.count {
      #expect(throws: Diagnostic.self) {
        try ItemTable(decoding: Array(bytes[..<count]), at: "test")
      }
    }
    #expect(throws: Diagnostic.self) { try ItemTable(decoding: bytes + [0], at: "test") }
  }

  @Test("never trap on changed bytes", arguments: 0..<64 as Range<UInt64>)
  func hostile(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var bytes = table(seed: seed).encoded
    for _ in 0..<3 {
      bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(generator.next() % 256)
    }
    _ = try? ItemTable(decoding: bytes, at: "test")
  }

  @Test("name what is wrong with the bytes")
  func message() {
    #expect {
      try ItemTable(decoding: Array("MVIT\u{2}".utf8), at: "demo.sqlite: item_result")
    } throws: { error in
      "\(error)" == """
        demo.sqlite: item_result: does not begin with MVIT and version 1
          fix: the store was changed by another program or is damaged; restore it from a copy
        """
    }
  }
}

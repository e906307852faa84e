import Testing

@testable import Tokenization

@Suite("Tables of the tokenizer") struct TablesTests {
  @Test("integers map like a dictionary", arguments: UInt64(0)..<8) func integers(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var table = IntegerTable()
    var expected: [UInt64: UInt32] = [:]
    for _ in 0..<500 {
      let key = UInt64.random(in: 0..<200, using: &generator) << (seed * 7)
      let value = UInt32.random(in: 0..<9, using: &generator)
      #expect(table.insert(value, for: key) == expected.updateValue(value, forKey: key))
    }
    #expect(table.count == expected.count)
    for key in UInt64(0)..<200 { #expect(table[key << (seed * 7)] == expected[key << (seed * 7)]) }
  }

  @Test("byte strings map like a dictionary", arguments: UInt64(0)..<8) func bytes(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var table = ByteStringTable()
    var expected: [[UInt8]: UInt32] = [:]
    for value in UInt32(0)..<300 {
      let text = Array(generator.text(of: troublesome, count: Int(value) % 4).utf8)
      let framed = [1] + text + [2]
      #expect(
        table.insert(value, for: framed, 1..<framed.count - 1)
          == expected.updateValue(value, forKey: text))
    }
    #expect(table.count == expected.count)
    for (key, value) in expected { #expect(table[key] == value) }
    for number in 0..<table.count {
      #expect(table.number(of: Array(table.key(number)), 0..<table.key(number).count) == number)
    }
    #expect(table[Array("not there".utf8)] == nil)
    table.removeAll()
    #expect(table.count == 0)
    #expect(expected.keys.allSatisfy { table[$0] == nil })
  }

  @Test("canonically equivalent strings are different keys") func equivalence() {
    var table = ByteStringTable()
    let texts = ["\u{C5}", "\u{212B}", "A\u{30A}"].map { Array($0.utf8) }
    for (index, text) in texts.enumerated() { table.insert(UInt32(index), for: text, text.indices) }
    #expect(texts.map { table[$0] } == [0, 1, 2])
  }

  @Test("the queue gives the smallest first", arguments: UInt64(0)..<8) func queue(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var queue = SmallestFirst()
    var expected: [UInt64] = []
    for _ in 0..<400 {
      if Bool.random(using: &generator) || Bool.random(using: &generator) {
        let element = UInt64.random(in: 0..<50, using: &generator)
        queue.insert(element)
        expected.append(element)
        expected.sort()
      } else {
        #expect(queue.popFirst() == (expected.isEmpty ? nil : expected.removeFirst()))
      }
    }
    while let element = queue.popFirst() { #expect(element == expected.removeFirst()) }
    #expect(expected.isEmpty)
  }

  @Test("the trie finds the leftmost, then the longest") func trie() {
    var trie = ByteTrie()
    #expect(trie.isEmpty)
    for (value, text) in ["<s>", "<s>x", "s", "", "<s>"].enumerated() {
      trie.insert(Array(text.utf8), value: UInt32(value))
    }
    func first(_ text: String) -> (range: Range<Int>, value: UInt32)? {
      trie.firstMatch(in: Array(text.utf8), 0..<text.utf8.count)
    }
    #expect(first("a<s>xs")?.range == 1..<5)
    #expect(first("a<s>xs")?.value == 1)
    #expect(first("a<s>y")?.value == 0)
    #expect(first("<<s")?.value == 2)
    #expect(first("abc") == nil)
    #expect(first("") == nil)
  }
}

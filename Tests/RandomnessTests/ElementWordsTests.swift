import Randomness
import Testing

@Suite("Words of mask elements") struct ElementWordsTests {
  static let tensor = "model.layers.3.mlp.up_proj.weight"

  @Test("the key is the mixed hash of seed, tensor and position") func key() {
    let words = ElementWords(maskSeed: 7, tensor: Self.tensor, position: 2)
    let text = "7/model.layers.3.mlp.up_proj.weight/2"
    #expect(words.key == SplitMix64.output(fnv1a64(text.utf8)))
    let block = Philox4x32(key: words.key).block(at: .init(1, 0, 0, 0))
    #expect(
      (4..<8).map { words.word(at: $0) } == [block.word0, block.word1, block.word2, block.word3])
    let far = Philox4x32(key: words.key).block(at: .init(1, 2, 0, 0))
    #expect(words.word(at: (2 << 34) + 5) == far.word1)
  }

  @Test("filling any range gives the words of its elements", arguments: 0..<9, [0, 1, 3, 4, 17])
  func fill(start: Int, count: Int) {
    let words = ElementWords(maskSeed: 0, tensor: Self.tensor, position: 0)
    var filled = [UInt32](repeating: 0, count: count)
    var span = filled.mutableSpan
    words.fill(&span, from: start)
    #expect(filled == (start..<start + count).map { words.word(at: $0) })
  }

  @Test("seed, tensor and position each select other words") func independence() {
    let all = [
      ElementWords(maskSeed: 0, tensor: "a", position: 0),
      ElementWords(maskSeed: 1, tensor: "a", position: 0),
      ElementWords(maskSeed: 0, tensor: "b", position: 0),
      ElementWords(maskSeed: 0, tensor: "a", position: 1),
    ]
    #expect(Set(all.map { $0.word(at: 0) }).count == all.count)
  }
}

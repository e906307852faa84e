/// One random 32-bit word per element of a merged tensor: the masks of dare and della.
///
/// The words are a function of the recipe alone (mask seed, output tensor, position of the model),
/// never of candidate or generation, so a recipe always means the same weights. An element is kept
/// at density p iff `word · 2⁻³² < p`; masks are therefore nested in density.
public struct ElementWords: Hashable, Sendable {
  private let philox: Philox4x32

  /// - Parameters:
  ///   - maskSeed: The recipe's mask seed.
  ///   - tensor: Name of the output tensor.
  ///   - position: Counted from 0 among the inputs of the slice other than the base.
  public init(maskSeed: UInt64, tensor: String, position: Int) {
    key = SplitMix64.output(fnv1a64("\(maskSeed)/\(tensor)/\(position)".utf8))
    philox = Philox4x32(key: key)
  }

  /// The Philox key, for kernels that generate the words themselves.
  ///
  /// Element e is word e mod 4 of the block at counter (⌊e/4⌋ low, ⌊e/4⌋ high, 0, 0).
  public let key: UInt64

  /// The word of the element with the given row-major index.
  public func word(at element: Int) -> UInt32 {
    let block = block(at: element >> 2)
    switch element & 3 {
    case 0: return block.word0
    case 1: return block.word1
    case 2: return block.word2
    default: return block.word3
    }
  }

  /// Overwrites `words` with the words of elements `start ..< start + words.count`.
  public func fill(_ words: inout MutableSpan<UInt32>, from start: Int) {
    let count = words.count
    var index = 0
    while index < count, (start + index) & 3 != 0 {
      words[index] = word(at: start + index)
      index += 1
    }
    while index + 4 <= count {
      let block = block(at: (start + index) >> 2)
      words[index] = block.word0
      words[index + 1] = block.word1
      words[index + 2] = block.word2
      words[index + 3] = block.word3
      index += 4
    }
    while index < count {
      words[index] = word(at: start + index)
      index += 1
    }
  }

  private func block(at quad: Int) -> Philox4x32.Block {
    philox.block(
      at: Philox4x32.Block(
        UInt32(truncatingIfNeeded: quad), UInt32(truncatingIfNeeded: quad >> 32), 0, 0))
  }
}

/// The Philox4x32-10 block function: 128 random bits as a pure function of a key and a counter.
///
/// Nothing is drawn in sequence, so there is no generator state to save or to lose.
/// Reference: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct Philox4x32: Hashable, Sendable {
  /// Four 32-bit words, of a counter or of the random block that answers it.
  public struct Block: Hashable, Sendable {
    public var word0: UInt32
    public var word1: UInt32
    public var word2: UInt32
    public var word3: UInt32

    @inlinable
    public init(_ word0: UInt32, _ word1: UInt32, _ word2: UInt32, _ word3: UInt32) {
      self.word0 = word0
      self.word1 = word1
      self.word2 = word2
      self.word3 = word3
    }
  }

  @usableFromInline let key0: UInt32
  @usableFromInline let key1: UInt32

  /// The low 32 bits of `key` are the first key word.
  @inlinable
  public init(key: UInt64) {
    key0 = UInt32(truncatingIfNeeded: key)
    key1 = UInt32(truncatingIfNeeded: key >> 32)
  }

  /// The random block at `counter`, after ten rounds.
  @inlinable
  public func block(at counter: Block) -> Block {
    var (c0, c1, c2, c3) = (counter.word0, counter.word1, counter.word2, counter.word3)
    var (k0, k1) = (key0, key1)
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c2)
      c0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      c1 = UInt32(truncatingIfNeeded: p1)
      c2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c3 = UInt32(truncatingIfNeeded: p0)
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return Block(c0, c1, c2, c3)
  }
}

/// The generator of Python's `random.Random(seed)`: MT19937 as CPython seeds and uses it.
///
/// Only for drawing the same few-shot examples as lm-evaluation-harness; everything of our own is addressed
/// (``RandomStream``). Reference: Matsumoto and Nishimura 1998; CPython's `_randommodule.c` and `random.py`.
public struct PythonRandom: Sendable {
  private var state: [UInt32]
  private var position: Int

  public init(seed: Int) {
    let magnitude = UInt64(seed.magnitude)
    let high = UInt32(magnitude >> 32)
    self.init(key: [UInt32(truncatingIfNeeded: magnitude)] + (high > 0 ? [high] : []))
  }

  /// `init_by_array`.
  private init(key: [UInt32]) {
    var state = [UInt32](repeating: 0, count: 624)
    state[0] = 19_650_218
    for i in 1..<624 {
      state[i] = 1_812_433_253 &* (state[i - 1] ^ state[i - 1] >> 30) &+ UInt32(i)
    }
    var i = 1
    var j = 0
    for _ in 0..<max(624, key.count) {
      state[i] =
        (state[i] ^ (state[i - 1] ^ state[i - 1] >> 30) &* 1_664_525) &+ key[j] &+ UInt32(j)
      i += 1
      j += 1
      if i >= 624 {
        state[0] = state[623]
        i = 1
      }
      if j >= key.count { j = 0 }
    }
    for _ in 0..<623 {
      state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >> 30) &* 1_566_083_941) &- UInt32(i)
      i += 1
      if i >= 624 {
        state[0] = state[623]
        i = 1
      }
    }
    state[0] = 0x8000_0000
    self.state = state
    position = 624
  }

  /// The next 32 bits.
  public mutating func next() -> UInt32 {
    if position >= 624 { twist() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }

  private mutating func twist() {
    for k in 0..<624 {
      let word = state[k] & 0x8000_0000 | state[(k + 1) % 624] & 0x7FFF_FFFF
      state[k] = state[(k + 397) % 624] ^ word >> 1 ^ (word & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }

  /// `random.random()`: a number in 0..<1 with 53 bits.
  public mutating func unit() -> Double {
    let high = Double(next() >> 5)
    return (high * 0x1p26 + Double(next() >> 6)) * 0x1p-53
  }

  /// `_randbelow(bound)`.
  ///
  /// - Precondition: 0 < bound < 2³².
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0 && bound < 1 << 32, "\(bound) is outside 1..<2^32")
    let bits = UInt32(Int.bitWidth - bound.leadingZeroBitCount)
    while true {
      let value = Int(next() >> (32 - bits))
      if value < bound { return value }
    }
  }

  /// `random.sample(range(count), size)`.
  ///
  /// - Precondition: 0 <= size <= count.
  public mutating func sample(_ size: Int, of count: Int) -> [Int] {
    precondition((0...count).contains(size), "\(size) of \(count)")
    // Python compares the sizes of a list and of a set, in which 4^⌈log₄ 3k⌉ places are needed.
    var setSize = 21
    if size > 5 {
      var places = 1
      while places < 3 * size { places *= 4 }
      setSize += places
    }
    var drawn: [Int] = []
    if count <= setSize {
      var pool = Array(0..<count)
      for index in 0..<size {
        let choice = below(count - index)
        drawn.append(pool[choice])
        pool[choice] = pool[count - index - 1]
      }
      return drawn
    }
    var seen: Set<Int> = []
    while drawn.count < size {
      let choice = below(count)
      if seen.insert(choice).inserted { drawn.append(choice) }
    }
    return drawn
  }
}

import Randomness

/// A random order of 0 ..< count that is computed one element at a time and kept nowhere.
///
/// A Feistel network over the smallest even number of bits that holds `count`; what falls outside is
/// sent through again, which ends since the network is a bijection.
/// Reference: Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002.
struct KeyedPermutation {
  let count: Int
  private let stream: RandomStream
  private let halfWidth: Int

  /// - Precondition: `count` is positive and below 2²⁸.
  init(count: Int, stream: RandomStream) {
    precondition(count > 0 && count < 1 << 28, "no order of \(count) elements")
    self.count = count
    self.stream = stream
    var halfWidth = 1
    while 1 << (2 * halfWidth) < count { halfWidth += 1 }
    self.halfWidth = halfWidth
  }

  func callAsFunction(_ index: Int) -> Int {
    var image = index
    repeat { image = network(image) } while image >= count
    return image
  }

  private func network(_ value: Int) -> Int {
    let mask = 1 << halfWidth - 1
    var (left, right) = (value >> halfWidth, value & mask)
    for round in 0..<4 {
      let word = stream.block(at: UInt32(round << halfWidth | right)).word0
      (left, right) = (right, left ^ (Int(word) & mask))
    }
    return left << halfWidth | right
  }
}

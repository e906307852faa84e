/// A hash table from 64-bit keys to 32-bit values, for the tables that encoding spends its time in.
///
/// Open addressing with linear probing, at most half full. `UInt64.max` is not a possible key.
struct IntegerTable: Sendable {
  private var keys: [UInt64]
  private var values: [UInt32]
  private var shift: UInt64
  private(set) var count = 0

  init(minimumCapacity: Int = 0) {
    var slots = 16
    while slots < 2 * minimumCapacity { slots *= 2 }
    keys = Array(repeating: .max, count: slots)
    values = Array(repeating: 0, count: slots)
    shift = UInt64(64 - slots.trailingZeroBitCount)
  }

  subscript(key: UInt64) -> UInt32? {
    let slot = slot(of: key)
    return keys[slot] == key ? values[slot] : nil
  }

  /// Returns the value that stood there before.
  @discardableResult
  mutating func insert(_ value: UInt32, for key: UInt64) -> UInt32? {
    if 2 * (count + 1) > keys.count { grow() }
    let slot = slot(of: key)
    let previous = keys[slot] == key ? values[slot] : nil
    if previous == nil { count += 1 }
    keys[slot] = key
    values[slot] = value
    return previous
  }

  /// Where the key is, or where it would be put.
  private func slot(of key: UInt64) -> Int {
    // Fibonacci hashing: the high bits of the product depend on all bits of the key.
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while keys[slot] != key, keys[slot] != .max { slot = (slot &+ 1) & (keys.count &- 1) }
    return slot
  }

  private mutating func grow() {
    var larger = IntegerTable(minimumCapacity: keys.count)
    for (key, value) in zip(keys, values) where key != .max { larger.insert(value, for: key) }
    self = larger
  }
}

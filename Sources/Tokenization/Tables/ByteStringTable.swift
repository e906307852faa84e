/// A hash table from byte strings to 32-bit values.
///
/// The keys lie in one buffer, so a lookup takes a part of a text without copying it. Two strings are
/// the same key if and only if their bytes are the same.
struct ByteStringTable: Sendable {
  /// All keys, in the order of insertion, one behind the other.
  private var bytes: [UInt8] = []
  /// Where each key starts in `bytes`, and the end of the last.
  private var starts: [Int] = [0]
  private var values: [UInt32] = []
  /// Number of the key in each slot plus 1; 0 is empty, and at most half are taken.
  private var slots: [UInt32]

  init(minimumCapacity: Int = 0) {
    var count = 16
    while count < 2 * minimumCapacity { count *= 2 }
    slots = Array(repeating: 0, count: count)
    values.reserveCapacity(minimumCapacity)
    starts.reserveCapacity(minimumCapacity + 1)
  }

  var count: Int { values.count }

  /// Bytes of all keys.
  var size: Int { bytes.count }

  /// The key with this number, counted in the order of insertion.
  func key(_ number: Int) -> ArraySlice<UInt8> { bytes[starts[number]..<starts[number + 1]] }

  func value(at number: Int) -> UInt32 { values[number] }

  /// The number of the key `text[range]`.
  func number(of text: [UInt8], _ range: Range<Int>) -> Int? {
    let slot = slot(of: text, range)
    return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
  }

  subscript(text: [UInt8], range: Range<Int>) -> UInt32? {
    number(of: text, range).map { values[$0] }
  }

  subscript(text: [UInt8]) -> UInt32? { self[text, text.indices] }

  /// Returns the value that stood there before.
  @discardableResult
  mutating func insert(_ value: UInt32, for text: [UInt8], _ range: Range<Int>) -> UInt32? {
    if 2 * (count + 1) > slots.count { grow() }
    let slot = slot(of: text, range)
    if slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      let previous = values[number]
      values[number] = value
      return previous
    }
    bytes.append(contentsOf: text[range])
    starts.append(bytes.count)
    values.append(value)
    slots[slot] = UInt32(values.count)
    return nil
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeLast(starts.count - 1)
    values.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot] = 0 }
  }

  private func slot(of text: [UInt8], _ range: Range<Int>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for index in range { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01B3 }
    hash ^= hash >> 32
    var slot = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    while slots[slot] != 0, !holds(Int(slots[slot]) - 1, text, range) {
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    return slot
  }

  private func holds(_ number: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    let start = starts[number]
    guard starts[number + 1] - start == range.count else { return false }
    for offset in 0..<range.count where bytes[start + offset] != text[range.lowerBound + offset] {
      return false
    }
    return true
  }

  private mutating func grow() {
    var larger = ByteStringTable(minimumCapacity: slots.count)
    for number in 0..<count {
      larger.insert(values[number], for: bytes, starts[number]..<starts[number + 1])
    }
    self = larger
  }
}

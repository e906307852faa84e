/// A set of byte strings with values, for finding the strings that start at a place of a text.
struct ByteTrie: Sendable {
  /// (node, byte) to node; node 0 is the root.
  private var edges = IntegerTable()
  /// Value of the string that ends at a node.
  private var values: [UInt32?] = [nil]
  private var firstBytes = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { values.count == 1 }

  /// Adds a string, unless it is empty or there already.
  mutating func insert(_ string: [UInt8], value: UInt32) {
    guard let first = string.first else { return }
    firstBytes[Int(first)] = true
    var node: UInt32 = 0
    for byte in string {
      let edge = UInt64(node) << 8 | UInt64(byte)
      if let next = edges[edge] {
        node = next
      } else {
        let next = UInt32(values.count)
        values.append(nil)
        edges.insert(next, for: edge)
        node = next
      }
    }
    if values[Int(node)] == nil { values[Int(node)] = value }
  }

  /// Calls `body` with end and value of each string of the set that starts at `start`, shortest first.
  func forEachPrefix(
    of text: [UInt8], _ range: Range<Int>, _ body: (_ end: Int, _ value: UInt32) -> Void
  ) {
    var node: UInt32 = 0
    for index in range {
      guard let next = edges[UInt64(node) << 8 | UInt64(text[index])] else { return }
      node = next
      if let value = values[Int(node)] { body(index + 1, value) }
    }
  }

  /// The first place where a string of the set starts, and the longest string there.
  func firstMatch(in text: [UInt8], _ range: Range<Int>) -> (range: Range<Int>, value: UInt32)? {
    for start in range where firstBytes[Int(text[start])] {
      var longest: (range: Range<Int>, value: UInt32)?
      forEachPrefix(of: text, start..<range.upperBound) { end, value in
        longest = (start..<end, value)
      }
      if let longest { return longest }
    }
    return nil
  }
}

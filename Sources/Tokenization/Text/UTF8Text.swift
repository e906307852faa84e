/// Scalars of UTF-8 bytes that are known to be valid.
extension [UInt8] {
  /// The scalar that starts at `index` and its length in bytes.
  ///
  /// - Precondition: A valid UTF-8 sequence starts there.
  func scalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
    let lead = UInt32(self[index])
    let code: UInt32
    let length: Int
    if lead < 0x80 {
      return (Unicode.Scalar(self[index]), 1)
    } else if lead < 0xE0 {
      code = (lead & 0x1F) << 6 | continuation(index + 1)
      length = 2
    } else if lead < 0xF0 {
      code = (lead & 0x0F) << 12 | continuation(index + 1) << 6 | continuation(index + 2)
      length = 3
    } else {
      code =
        (lead & 0x07) << 18 | continuation(index + 1) << 12 | continuation(index + 2) << 6
        | continuation(index + 3)
      length = 4
    }
    return (Unicode.Scalar(code) ?? "\u{FFFD}", length)
  }

  private func continuation(_ index: Int) -> UInt32 { UInt32(self[index] & 0x3F) }

  /// The scalar that ends before `index`, and where it starts.
  func scalar(before index: Int) -> (scalar: Unicode.Scalar, start: Int) {
    var start = index - 1
    while self[start] & 0xC0 == 0x80, start > 0 { start -= 1 }
    return (scalar(at: start).scalar, start)
  }

  mutating func append(_ scalar: Unicode.Scalar) {
    append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  /// Calls `body` with each scalar of `range` and the bytes that it takes.
  func forEachScalar(
    in range: Range<Int>, _ body: (_ scalar: Unicode.Scalar, _ bytes: Range<Int>) -> Void
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      let (scalar, length) = scalar(at: index)
      body(scalar, index..<index + length)
      index += length
    }
  }

  /// Whether `other` stands at `index`, within `end`.
  func holds(_ other: [UInt8], at index: Int, before end: Int) -> Bool {
    guard other.count <= end - index else { return false }
    for offset in other.indices where self[index + offset] != other[offset] { return false }
    return true
  }

  /// All occurrences of a non-empty string, from left to right without overlap.
  func appendOccurrences(
    of other: [UInt8], in range: Range<Int>, to occurrences: inout [Range<Int>]
  ) {
    guard let first = other.first else { return }
    var index = range.lowerBound
    while index < range.upperBound {
      if self[index] == first, holds(other, at: index, before: range.upperBound) {
        occurrences.append(index..<index + other.count)
        index += other.count
      } else {
        index += 1
      }
    }
  }

  /// The text with `matches`, ascending and without overlap, replaced.
  func replacing(_ matches: [Range<Int>], with replacement: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(count)
    var end = 0
    for match in matches {
      output.append(contentsOf: self[end..<match.lowerBound])
      output.append(contentsOf: replacement)
      end = match.upperBound
    }
    output.append(contentsOf: self[end...])
    return output
  }
}

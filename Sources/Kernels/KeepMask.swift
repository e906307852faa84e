import CKernels

/// Which elements of a tensor are kept: one bit each, in order.
public struct KeepMask: Hashable, Sendable {
  /// Bit i of word i / 64 belongs to element i.
  fileprivate var words: [UInt64]
  public private(set) var count: Int

  /// Nothing is kept.
  public init(count: Int) {
    self.count = count
    words = [UInt64](repeating: 0, count: (count + 63) / 64)
  }

  public var byteCount: Int { 8 * words.count }

  public subscript(element: Int) -> Bool {
    words[element / 64] >> UInt64(element % 64) & 1 == 1
  }

  /// Appends elements that are not kept.
  public mutating func extend(by elements: Int) {
    count += elements
    let missing = (count + 63) / 64 - words.count
    if missing > 0 { words.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// Keeps what `part` keeps, whose first bit is element `start`.
  public mutating func insert(_ part: KeepMask, at start: Int) {
    precondition(start + part.count <= count, "\(start) + \(part.count) elements of \(count)")
    let (word, shift) = (start / 64, UInt64(start % 64))
    for (index, bits) in part.words.enumerated() where bits != 0 {
      words[word + index] |= bits << shift
      if shift > 0, bits >> (64 - shift) != 0 { words[word + index + 1] |= bits >> (64 - shift) }
    }
  }

  /// Decides for consecutive elements by rank and random word.
  ///
  /// - Parameters:
  ///   - magnitudes: Of the elements.
  ///   - ranks: Of the elements.
  ///   - offset: Position of the first one in the mask.
  ///   - key: Philox key of the words.
  ///   - first: Flat index of the first one in its tensor.
  ///   - low: Probability of keeping rank 0.
  ///   - slope: What a rank adds to it.
  /// - Returns: The sums of the kept magnitudes and of all.
  public mutating func keep(
    _ magnitudes: Span<Float>, ranks: Span<UInt32>, at offset: Int, key: UInt64, first: Int,
    low: Double, slope: Double
  ) -> (kept: Double, all: Double) {
    precondition(magnitudes.count == ranks.count, "\(magnitudes.count) != \(ranks.count)")
    precondition(offset + ranks.count <= count, "\(offset) + \(ranks.count) of \(count)")
    var both = [0.0, 0.0]
    unsafe words.withUnsafeMutableBufferPointer { words in
      unsafe magnitudes.withUnsafeBufferPointer { magnitudes in
        unsafe ranks.withUnsafeBufferPointer { ranks in
          unsafe both.withUnsafeMutableBufferPointer { both in
            guard let words = words.baseAddress, let x = magnitudes.baseAddress,
              let start = ranks.baseAddress, let sums = both.baseAddress
            else { return }
            unsafe ck_merge_ranked_mask(
              x, start, key, UInt64(first), low, slope, words, UInt64(offset), sums, ranks.count)
          }
        }
      }
    }
    return (both[0], both[1])
  }

  @unsafe
  func withWords(_ body: (UnsafePointer<UInt64>) -> Void) {
    unsafe words.withUnsafeBufferPointer { words in
      guard let start = words.baseAddress else { return }
      unsafe body(start)
    }
  }
}

/// Ranks `count` magnitudes that stand `step` apart, from `start` on, in ascending order from 0; of equal
/// ones the first comes first.
public func rankMagnitudes(
  _ magnitudes: Span<Float>, from start: Int, step: Int, count: Int,
  into ranks: inout MutableSpan<UInt32>, scratch: inout [UInt64]
) {
  guard count > 0 else { return }
  let last = start + (count - 1) * step
  precondition(last < magnitudes.count && last < ranks.count, "\(last) of \(magnitudes.count)")
  if scratch.count < 2 * count { scratch = [UInt64](repeating: 0, count: 2 * count) }
  unsafe magnitudes.withUnsafeBufferPointer { magnitudes in
    unsafe ranks.withUnsafeMutableBufferPointer { ranks in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        guard let x = magnitudes.baseAddress, let results = ranks.baseAddress,
          let room = scratch.baseAddress
        else { return }
        unsafe ck_merge_ranks(x + start, step, results + start, room, count)
      }
    }
  }
}

/// Remembers the tokens of short words: in byte-level text the same words come again and again.
struct WordCache: Sendable {
  /// Longer words seldom repeat.
  private static let longestWord = 64
  /// Beyond, the cache starts anew, so that its memory is bounded.
  private static let largestCount = 65_536

  /// Word to its number.
  private var words = ByteStringTable()
  private var ids: [Int32] = []
  /// Where the ids of each word start, and the end of the last.
  private var starts = [0]

  /// Appends the ids of a word that is known.
  func append(_ text: [UInt8], _ word: Range<Int>, to output: inout [Int]) -> Bool {
    guard word.count <= Self.longestWord, let number = words.number(of: text, word) else {
      return false
    }
    for index in starts[number]..<starts[number + 1] { output.append(Int(ids[index])) }
    return true
  }

  mutating func insert(_ tokens: ArraySlice<Int>, for text: [UInt8], _ word: Range<Int>) {
    guard word.count <= Self.longestWord else { return }
    if words.count == Self.largestCount {
      words.removeAll()
      ids.removeAll(keepingCapacity: true)
      starts = [0]
    }
    words.insert(0, for: text, word)
    for token in tokens { ids.append(Int32(token)) }
    starts.append(ids.count)
  }
}

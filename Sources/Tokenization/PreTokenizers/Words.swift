/// A piece of text and the words cut from it so far.
struct Words {
  /// UTF-8.
  private(set) var bytes: [UInt8]
  /// Where the words are, in order; none is empty, and text between them has been removed.
  private(set) var ranges: [Range<Int>]
  /// Whether the first word starts where the encoded text starts.
  private(set) var leadsText: Bool

  init(_ bytes: [UInt8], leadsText: Bool) {
    self.bytes = bytes
    self.leadsText = leadsText
    ranges = bytes.isEmpty ? [] : [bytes.indices]
  }

  /// Cuts every word.
  ///
  /// `body` appends the parts that remain of a word; empty ones are dropped.
  mutating func cut(
    _ body: (_ bytes: [UInt8], _ word: Range<Int>, _ parts: inout [Range<Int>]) -> Void
  ) {
    var parts: [Range<Int>] = []
    parts.reserveCapacity(ranges.count)
    for word in ranges { body(bytes, word, &parts) }
    parts.removeAll { $0.isEmpty }
    if parts.first?.lowerBound != ranges.first?.lowerBound { leadsText = false }
    ranges = parts
  }

  /// Rewrites every word.
  ///
  /// `body` appends what becomes of a word.
  mutating func rewrite(
    _ body: (_ bytes: [UInt8], _ word: Range<Int>, _ index: Int, _ output: inout [UInt8]) -> Void
  ) {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 4)
    for index in ranges.indices {
      let start = output.count
      body(bytes, ranges[index], index, &output)
      ranges[index] = start..<output.count
    }
    bytes = output
  }
}

import Diagnostics

/// Byte-pair encoding: a word's characters, merged pair by pair in the order of the merges' ranks.
///
/// A merge applies to one occurrence at a time, the leftmost first among equal ranks, and every new
/// neighbourhood is considered at once. With merges derived from SentencePiece this differs from
/// replacing all occurrences of the best pair.
///
/// Reference: Sennrich et al. 2016, <https://arxiv.org/abs/1508.07909>.
/// - Complexity: O(n log n) for a word of n characters.
struct BytePairEncoding: TokenModel {
  let vocabulary: Vocabulary
  let merges: MergeTable
  let options: Options
  /// Id of each single scalar of the vocabulary.
  private let scalars: IntegerTable
  /// Ids of the tokens `<0x00>` … `<0xFF>`.
  private let byteTokens: [Int?]
  private let workspaces = WorkspacePool()

  struct Options: Sendable {
    var unknown: Int?
    var fusesUnknowns = false
    var fallsBackToBytes = false
    var ignoresMerges = false
    /// Before every character of a word but the first.
    var continuingPrefix: [UInt8] = []
    /// Behind the last character of a word.
    var endSuffix: [UInt8] = []
  }

  init(vocabulary: Vocabulary, merges: MergeTable, options: Options) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.options = options
    var scalars = IntegerTable()
    vocabulary.forEach { token, id in
      guard token.count <= 4 else { return }
      let bytes = Array(token)
      guard !bytes.isEmpty, bytes.scalar(at: 0).length == bytes.count else { return }
      scalars.insert(UInt32(id), for: UInt64(bytes.scalar(at: 0).scalar.value))
    }
    self.scalars = scalars
    byteTokens = (0..<256).map { vocabulary.id(of: byteToken(UInt8($0))) }
  }

  func encode(_ words: Words, to ids: inout [Int]) {
    workspaces.withWorkspace { workspace in
      for word in words.ranges {
        if workspace.cache.append(words.bytes, word, to: &ids) { continue }
        let start = ids.count
        encode(words.bytes, word, &workspace, to: &ids)
        workspace.cache.insert(ids[start...], for: words.bytes, word)
      }
    }
  }

  private func encode(
    _ text: [UInt8], _ word: Range<Int>, _ workspace: inout Workspace, to ids: inout [Int]
  ) {
    if options.ignoresMerges, let id = vocabulary.id(of: text, word) {
      ids.append(id)
      return
    }
    workspace.symbols.removeAll()
    appendSymbols(text, word, to: &workspace.symbols)
    workspace.symbols.merge(merges, &workspace.queue)
    workspace.symbols.appendIDs(to: &ids)
  }

  /// One symbol per character, or per byte of a character that the vocabulary lacks.
  private func appendSymbols(_ text: [UInt8], _ word: Range<Int>, to symbols: inout Symbols) {
    var pendingUnknown: Int?
    var index = word.lowerBound
    while index < word.upperBound {
      let (scalar, length) = text.scalar(at: index)
      let end = index + length
      let affixed = affixed(text, index..<end, in: word)
      let id =
        if let affixed {
          vocabulary.id(of: affixed)
        } else {
          scalars[UInt64(scalar.value)].map(Int.init)
        }
      if let id {
        if let unknown = pendingUnknown { symbols.append(unknown) }
        pendingUnknown = nil
        symbols.append(id)
      } else if options.fallsBackToBytes,
        let bytes = byteTokens(of: affixed ?? Array(text[index..<end]))
      {
        // Bytes overtake an unknown that waits to be fused, as in the reference.
        for byte in bytes { symbols.append(byte) }
      } else if let unknown = options.unknown {
        if let pending = pendingUnknown, !options.fusesUnknowns { symbols.append(pending) }
        pendingUnknown = unknown
      }
      index = end
    }
    if let unknown = pendingUnknown { symbols.append(unknown) }
  }

  /// The character with the prefix and suffix that its place in the word asks for; nil if none.
  private func affixed(_ text: [UInt8], _ character: Range<Int>, in word: Range<Int>) -> [UInt8]? {
    let isPrefixed = !options.continuingPrefix.isEmpty && character.lowerBound > word.lowerBound
    let isSuffixed = !options.endSuffix.isEmpty && character.upperBound == word.upperBound
    guard isPrefixed || isSuffixed else { return nil }
    return (isPrefixed ? options.continuingPrefix : []) + text[character]
      + (isSuffixed ? options.endSuffix : [])
  }

  /// The tokens of all bytes; nil if the vocabulary lacks one.
  private func byteTokens(of bytes: [UInt8]) -> [Int]? {
    let tokens = bytes.compactMap { byteTokens[Int($0)] }
    return tokens.count == bytes.count ? tokens : nil
  }
}

/// The token of a byte in vocabularies with byte fallback, such as `<0x0A>`.
func byteToken(_ byte: UInt8) -> [UInt8] {
  let digits = String(byte, radix: 16, uppercase: true)
  return Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
}

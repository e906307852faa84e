import Diagnostics
import Documents

/// Unigram language model: the most probable segmentation of a word into pieces, by Viterbi.
///
/// Reference: Kudo 2018, <https://arxiv.org/abs/1804.10959>.
/// - Complexity: Linear in the length of a word times the length of the longest piece.
struct UnigramModel: TokenModel {
  let vocabulary: Vocabulary
  private let trie: ByteTrie
  /// Log-probability of each piece.
  private let scores: [Double]
  private let unknown: Int
  private let unknownScore: Double
  /// Ids of `<0x00>` … `<0xFF>`, where the model falls back to bytes; empty otherwise.
  private let byteTokens: [Int?]

  init(_ node: JSONNode) throws(Diagnostic) {
    let list = try node.required("vocab")
    guard let pieces = list.value.array else { throw list.wrongType("an array") }
    var vocabulary = Vocabulary(minimumCapacity: pieces.count)
    var scores: [Double] = []
    for (id, piece) in pieces.enumerated() {
      guard let entry = piece.array, entry.count == 2, let token = entry[0].string,
        let score = entry[1].double, score.isFinite
      else { throw list.element(id, piece).failure("a piece must be a string and a finite score") }
      vocabulary.insert(Array(token.utf8), id: id)
      scores.append(score)
    }
    // Of pieces listed twice the last one counts.
    var trie = ByteTrie()
    for id in scores.indices {
      if let token = vocabulary.token(id).map(Array.init), let last = vocabulary.id(of: token) {
        trie.insert(token, value: UInt32(last))
      }
    }
    let unknownNode = try node.required("unk_id")
    unknown = try unknownNode.tokenID()
    guard unknown < scores.count else {
      throw unknownNode.failure("the id \(unknown) is not below the \(scores.count) pieces")
    }
    unknownScore = (scores.min() ?? 0) - 10
    let fallsBackToBytes = try node.flag("byte_fallback", default: false)
    byteTokens =
      fallsBackToBytes ? (0..<256).map { vocabulary.id(of: byteToken(UInt8($0))) } : []
    self.vocabulary = vocabulary
    self.trie = trie
    self.scores = scores
  }

  func encode(_ words: Words, to ids: inout [Int]) {
    for word in words.ranges { encode(words.bytes, word, to: &ids) }
  }

  /// The best segmentation of a word up to some byte.
  private struct Node {
    var score = 0.0
    /// Where the last piece starts; −1 if the byte cannot be reached.
    var start = -1
    var id = 0
  }

  private func encode(_ text: [UInt8], _ word: Range<Int>, to ids: inout [Int]) {
    var best = [Node](repeating: Node(), count: word.count + 1)
    text.forEachScalar(in: word) { _, scalar in
      let start = scalar.lowerBound - word.lowerBound
      let score = best[start].score
      var coversScalar = false
      func offer(_ id: Int, _ pieceScore: Double, endingAt end: Int) {
        let candidate = score + pieceScore
        if best[end].start < 0 || candidate > best[end].score {
          best[end] = Node(score: candidate, start: start, id: id)
        }
      }
      trie.forEachPrefix(of: text, scalar.lowerBound..<word.upperBound) { end, id in
        offer(Int(id), scores[Int(id)], endingAt: end - word.lowerBound)
        if end == scalar.upperBound { coversScalar = true }
      }
      if !coversScalar {
        offer(unknown, unknownScore, endingAt: scalar.upperBound - word.lowerBound)
      }
    }
    for piece in pieces(best).reversed() {
      let range = word.lowerBound + piece.lowerBound..<word.lowerBound + piece.upperBound
      appendIDs(of: text, range, to: &ids)
    }
  }

  /// The pieces of the best path, last one first; unknown neighbours are one piece.
  private func pieces(_ best: [Node]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var end = best.count - 1
    var fusesWithNext = false
    while end > 0 {
      let node = best[end]
      let isUnknown = node.id == unknown
      if isUnknown, fusesWithNext, let next = pieces.popLast() {
        pieces.append(node.start..<next.upperBound)
      } else {
        pieces.append(node.start..<end)
      }
      fusesWithNext = isUnknown
      end = node.start
    }
    return pieces
  }

  private func appendIDs(of text: [UInt8], _ piece: Range<Int>, to ids: inout [Int]) {
    if let id = vocabulary.id(of: text, piece) {
      ids.append(id)
      return
    }
    if !byteTokens.isEmpty {
      let bytes = text[piece].compactMap { byteTokens[Int($0)] }
      if bytes.count == piece.count {
        ids.append(contentsOf: bytes)
        return
      }
    }
    ids.append(unknown)
  }
}

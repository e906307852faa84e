import Diagnostics

/// GPT-2's words, written in the byte alphabet.
struct ByteLevelPreTokenizer: PreTokenizer {
  let addsPrefixSpace: Bool
  /// Whether words are cut by GPT-2's pattern.
  let cutsWords: Bool

  init(_ node: JSONNode) throws(Diagnostic) {
    addsPrefixSpace = try node.flag("add_prefix_space", default: true)
    cutsWords = try node.flag("use_regex", default: true)
  }

  func split(_ words: inout Words) {
    if addsPrefixSpace {
      words.rewrite { bytes, word, _, output in
        if bytes[word.lowerBound] != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
        output.append(contentsOf: bytes[word])
      }
    }
    if cutsWords {
      words.cut { bytes, word, parts in
        WordScanner.gpt2.appendWords(of: bytes, word, to: &parts)
      }
    }
    words.rewrite { bytes, word, _, output in ByteAlphabet.append(bytes, word, to: &output) }
  }
}

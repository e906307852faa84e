import Diagnostics

/// Cuts text into the words that a model encodes one by one.
protocol PreTokenizer: Sendable {
  func split(_ words: inout Words)
}

let preTokenizers = Registry<ComponentReader<any PreTokenizer>>(
  "pre-tokenizer",
  [
    ("Sequence", ComponentReader(PreTokenizerSequence.init)),
    ("ByteLevel", ComponentReader(ByteLevelPreTokenizer.init)),
    ("Metaspace", ComponentReader(MetaspacePreTokenizer.init)),
    ("Split", ComponentReader(SplitPreTokenizer.init)),
    ("Digits", ComponentReader(DigitsPreTokenizer.init)),
    ("Punctuation", ComponentReader(PunctuationPreTokenizer.init)),
  ])

/// Pre-tokenizers one after the other, each on the words of those before it.
struct PreTokenizerSequence: PreTokenizer {
  let preTokenizers: [any PreTokenizer]

  init(_ node: JSONNode) throws(Diagnostic) {
    var list: [any PreTokenizer] = []
    for element in try node.required("pretokenizers").elements() {
      list.append(try Tokenization.preTokenizers.component(element))
    }
    preTokenizers = list
  }

  func split(_ words: inout Words) {
    for preTokenizer in preTokenizers { preTokenizer.split(&words) }
  }
}

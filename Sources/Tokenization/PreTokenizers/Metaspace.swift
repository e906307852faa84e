import Diagnostics

/// The parameters that `Metaspace` has as pre-tokenizer and as decoder.
struct Metaspace: Sendable {
  enum Prepending: Sendable { case always, first, never }

  /// What stands for a space, usually `▁`, in UTF-8.
  let replacement: [UInt8]
  let prepending: Prepending
  let splits: Bool

  /// Reads the old spelling (`add_prefix_space`) and the new one (`prepend_scheme`).
  init(_ node: JSONNode) throws(Diagnostic) {
    replacement = try node.required("replacement").scalar()
    splits = try node.flag("split", default: true)
    let scheme = try node.optional("prepend_scheme")
    var prepending =
      switch try scheme?.string() {
      case nil, "always": Prepending.always
      case "first": Prepending.first
      case "never": Prepending.never
      case .some(let name):
        throw node.failure(
          "the prepend_scheme '\(name)' is unknown", fix: "use one of: always, first, never")
      }
    if try !node.flag("add_prefix_space", default: true) {
      if scheme != nil, prepending != .never {
        throw node.failure(
          "add_prefix_space false contradicts the prepend_scheme", fix: "remove one of the two")
      }
      prepending = .never
    }
    self.prepending = prepending
  }
}

/// Writes spaces as `▁`, puts one before the text and cuts before each.
struct MetaspacePreTokenizer: PreTokenizer {
  let metaspace: Metaspace

  init(_ node: JSONNode) throws(Diagnostic) { metaspace = try Metaspace(node) }

  func split(_ words: inout Words) {
    let replacement = metaspace.replacement
    let leadsText = words.leadsText
    words.rewrite { bytes, word, index, output in
      let isPrefixed =
        switch metaspace.prepending {
        case .always: true
        case .first: index == 0 && leadsText
        case .never: false
        }
      let startsSo =
        bytes[word.lowerBound] == UInt8(ascii: " ")
        || bytes.holds(replacement, at: word.lowerBound, before: word.upperBound)
      if isPrefixed, !startsSo { output.append(contentsOf: replacement) }
      for byte in bytes[word] {
        if byte == UInt8(ascii: " ") {
          output.append(contentsOf: replacement)
        } else {
          output.append(byte)
        }
      }
    }
    if metaspace.splits {
      words.cut { bytes, word, parts in
        var matches: [Range<Int>] = []
        bytes.appendOccurrences(of: replacement, in: word, to: &matches)
        SplitBehavior.mergedWithNext.appendParts(of: word, matches: matches, to: &parts)
      }
    }
  }
}

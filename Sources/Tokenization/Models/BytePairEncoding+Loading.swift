import Diagnostics
import Documents

extension BytePairEncoding {
  init(_ node: JSONNode) throws(Diagnostic) {
    if let dropout = try node.optional("dropout"), dropout.value.double != 0 {
      throw dropout.failure(
        "dropout makes tokens random and is not supported", fix: "set it to null")
    }
    let vocabulary = try Self.readVocabulary(node.required("vocab"))
    var options = Options()
    options.fusesUnknowns = try node.flag("fuse_unk", default: false)
    options.fallsBackToBytes = try node.flag("byte_fallback", default: false)
    options.ignoresMerges = try node.flag("ignore_merges", default: false)
    options.continuingPrefix = try node.bytes("continuing_subword_prefix")
    options.endSuffix = try node.bytes("end_of_word_suffix")
    if let unknown = try node.optional("unk_token") {
      let token = try unknown.string()
      guard let id = vocabulary.id(of: Array(token.utf8)) else {
        throw unknown.failure("the token '\(token)' is not in the vocabulary")
      }
      options.unknown = id
    }
    let merges = try Self.readMerges(
      node.required("merges"), vocabulary, prefixLength: options.continuingPrefix.count)
    self.init(vocabulary: vocabulary, merges: merges, options: options)
  }

  private static func readVocabulary(_ node: JSONNode) throws(Diagnostic) -> Vocabulary {
    guard let members = node.value.members else { throw node.wrongType("an object") }
    var vocabulary = Vocabulary(minimumCapacity: members.count)
    for member in members {
      let token = Array(member.key.utf8)
      let entry = JSONNode(member.value, file: node.file, path: "\(node.path).'\(member.key)'")
      let id = try entry.tokenID()
      if vocabulary.id(of: token) != nil { throw entry.failure("the token occurs twice") }
      if let other = vocabulary.token(id) {
        throw entry.failure(
          "the id \(id) belongs to '\(String(decoding: other, as: UTF8.self))' too")
      }
      vocabulary.insert(token, id: id)
    }
    return vocabulary
  }

  /// Reads `["a b", …]` or `[["a", "b"], …]`.
  private static func readMerges(
    _ node: JSONNode, _ vocabulary: Vocabulary, prefixLength: Int
  ) throws(Diagnostic) -> MergeTable {
    guard let entries = node.value.array else { throw node.wrongType("an array") }
    var merges = MergeTable(minimumCapacity: entries.count)
    var pair: [UInt8] = []
    for (index, entry) in entries.enumerated() {
      let middle: Int
      switch entry {
      case .string(let text):
        if text.utf8.starts(with: "#version".utf8) { continue }
        pair.removeAll(keepingCapacity: true)
        pair.append(contentsOf: text.utf8)
        guard let space = pair.firstIndex(of: UInt8(ascii: " ")),
          space == pair.lastIndex(of: UInt8(ascii: " "))
        else {
          throw node.element(index, entry).failure(
            "the merge '\(text)' does not have two parts separated by one space")
        }
        pair.remove(at: space)
        middle = space
      case .array(let parts):
        guard parts.count == 2, let left = parts[0].string, let right = parts[1].string else {
          throw node.element(index, entry).failure("a merge must be two strings")
        }
        pair.removeAll(keepingCapacity: true)
        pair.append(contentsOf: left.utf8)
        middle = pair.count
        pair.append(contentsOf: right.utf8)
      default:
        throw node.element(index, entry).wrongType("a merge")
      }
      let left = 0..<middle
      let right = middle..<pair.count
      guard let leftID = vocabulary.id(of: pair, left) else {
        throw node.element(index, entry).notInVocabulary(pair[left])
      }
      guard let rightID = vocabulary.id(of: pair, right) else {
        throw node.element(index, entry).notInVocabulary(pair[right])
      }
      if prefixLength > 0 {
        guard prefixLength <= right.count else {
          throw node.element(index, entry).failure(
            "the second part of the merge lacks the continuing_subword_prefix")
        }
        pair.removeSubrange(middle..<middle + prefixLength)
      }
      guard let product = vocabulary.id(of: pair, pair.indices) else {
        throw node.element(index, entry).notInVocabulary(pair[...])
      }
      merges.append(leftID, rightID, product: product)
    }
    return merges
  }
}

extension JSONNode {
  /// The UTF-8 bytes of a string member; empty if it is absent or null.
  fileprivate func bytes(_ key: String) throws(Diagnostic) -> [UInt8] {
    Array(try optional(key)?.string().utf8 ?? "".utf8)
  }

  fileprivate func notInVocabulary(_ token: ArraySlice<UInt8>) -> Diagnostic {
    failure(
      "the merge needs '\(String(decoding: token, as: UTF8.self))', which is not in the vocabulary")
  }
}

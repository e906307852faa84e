import Diagnostics
import Documents

/// The named sequences of a JSON file `{"name": [ids…], …}`.
struct TokenSequences {
  struct Sequence {
    let name: String
    let ids: [Int]
  }

  let all: [Sequence]
  private let path: String

  /// - Throws: ``Diagnostic`` if the file is not of this form, or a name occurs twice.
  static func read(path: String) throws(Diagnostic) -> TokenSequences {
    guard let members = try JSONValue.read(path: path).members else {
      throw Diagnostic(
        "is not a JSON object", at: path, fix: "write {\"name\": [1, 2, 3], \"other\": [4]}")
    }
    var sequences: [Sequence] = []
    for member in members {
      let location = "\(path): \(member.key)"
      guard let values = member.value.array else {
        throw Diagnostic("is not a list of token ids", at: location, fix: "write [1, 2, 3]")
      }
      guard !member.key.utf8.elementsEqual("__metadata__".utf8) else {
        throw Diagnostic(
          "this name cannot be that of a tensor", at: location, fix: "choose another name")
      }
      guard !sequences.contains(where: { $0.name.utf8.elementsEqual(member.key.utf8) }) else {
        throw Diagnostic("the name occurs twice", at: location, fix: "rename one of the two")
      }
      sequences.append(Sequence(name: member.key, ids: try tokenIDs(values, at: location)))
    }
    return TokenSequences(all: sequences, path: path)
  }

  /// - Throws: ``Diagnostic`` if a sequence does not fit a model.
  func check(vocabulary: Int, positions: Int) throws(Diagnostic) {
    for sequence in all {
      let location = "\(path): \(sequence.name)"
      if let id = sequence.ids.first(where: { $0 >= vocabulary }) {
        throw Diagnostic(
          "token id \(id) is outside of the model's vocabulary of \(vocabulary)", at: location,
          fix: "use the tokenizer that belongs to the model")
      }
      guard sequence.ids.count <= positions else {
        throw Diagnostic(
          "\(sequence.ids.count) tokens are more than the model's \(positions) positions",
          at: location, fix: "shorten the sequence")
      }
    }
  }

  /// The sequences that have tokens, grouped so that a group has at most `limit` of them or is one
  /// sequence.
  func batches(ofAtMost limit: Int) -> [[Sequence]] {
    var batches: [[Sequence]] = []
    var room = 0
    for sequence in all where !sequence.ids.isEmpty {
      if batches.isEmpty || sequence.ids.count > room {
        batches.append([])
        room = limit
      }
      batches[batches.count - 1].append(sequence)
      room -= sequence.ids.count
    }
    return batches
  }
}

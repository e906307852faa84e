import Diagnostics
import Documents

/// Turns words into token ids.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }

  /// Appends the ids of all words, in order.
  func encode(_ words: Words, to ids: inout [Int])
}

let models = Registry<ComponentReader<any TokenModel>>(
  "model",
  [
    ("BPE", ComponentReader(BytePairEncoding.init)),
    ("Unigram", ComponentReader(UnigramModel.init)),
  ])

/// Reads `model`.
///
/// Files of the first years name no type: an object of tokens with merges is BPE, a
/// list of pieces is Unigram.
func readModel(_ node: JSONNode) throws(Diagnostic) -> any TokenModel {
  if try node.optional("type") != nil { return try models.component(node) }
  if try node.required("vocab").value.array != nil { return try UnigramModel(node) }
  if try node.optional("merges") != nil { return try BytePairEncoding(node) }
  throw node.failure(
    "the model has no type, and only a BPE or Unigram model is recognised without one",
    fix: "use a model whose tokenizer is one of: \(models.names.joined(separator: ", "))")
}

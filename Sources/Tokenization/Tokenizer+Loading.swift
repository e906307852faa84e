public import Diagnostics
public import Documents
import Foundation

extension Tokenizer {
  /// Loads the tokenizer of a model's folder.
  ///
  /// Reads `tokenizer.json`, and the beginning and end tokens from `tokenizer_config.json`,
  /// `generation_config.json` and `config.json`, each of which may be missing.
  /// - Parameters:
  ///   - folder: The model's folder.
  ///   - document: What takes the place of its `tokenizer.json`, such as a merge's union.
  /// - Returns: The tokenizer.
  /// - Throws: ``Diagnostic`` if there is no `tokenizer.json`, if a file is malformed, or if the
  ///   tokenizer has a component that is not supported; it names file and key.
  public static func load(
    folder: String, document: JSONValue? = nil
  ) throws(Diagnostic) -> Tokenizer {
    let path = folder + "/tokenizer.json"
    let root: JSONValue
    if let document {
      root = document
    } else {
      guard FileManager.default.fileExists(atPath: path) else { throw missing(in: folder) }
      root = try JSONValue.read(path: path)
    }
    var tokenizer = try Tokenizer(JSONNode(root, file: path))
    try tokenizer.readBoundaryTokens(folder: folder)
    return tokenizer
  }

  private static func missing(in folder: String) -> Diagnostic {
    let files = FileManager.default
    guard files.fileExists(atPath: folder) else {
      return Diagnostic("no such folder", at: folder, fix: "check the path of the model")
    }
    let convert =
      "convert it once with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
    for (name, format) in [
      ("tokenizer.model", "SentencePiece"), ("vocab.json", "vocab.json and merges.txt"),
      ("vocab.txt", "WordPiece"),
    ] where files.fileExists(atPath: "\(folder)/\(name)") {
      return Diagnostic(
        "has no tokenizer.json; its \(name) is the older format \(format), which is not supported",
        at: folder, fix: convert)
    }
    return Diagnostic(
      "has no tokenizer.json", at: folder,
      fix: "copy tokenizer.json from the model that this one was made from")
  }

  /// Reads the root of `tokenizer.json`.
  init(_ root: JSONNode) throws(Diagnostic) {
    if let version = try root.optional("version"), try version.string() != "1.0" {
      throw version.wrongType("the version 1.0")
    }
    model = try readModel(root.required("model"))
    normalizer = try root.optional("normalizer").map(normalizers.component)
    preTokenizer = try root.optional("pre_tokenizer").map(preTokenizers.component)
    postProcessor = try root.optional("post_processor").map(postProcessors.component) ?? .none
    decoder = try root.optional("decoder").map(tokenDecoders.component) ?? SpaceDecoder()
    addedTokens = try AddedTokens(
      root.optional("added_tokens"), vocabulary: model.vocabulary, normalizer: normalizer)
    var warnings: [Diagnostic] = []
    for key in ["truncation", "padding"] {
      if let setting = try root.optional(key) {
        warnings.append(
          setting.failure(
            "the tokenizer's own \(key) is ignored",
            fix: "set it to null; the length of a text is the evaluation's business"))
      }
    }
    self.warnings = warnings
  }
}

public import Checkpoints
public import Diagnostics
public import Documents

/// How many tokens a model takes.
public enum ContextLength {
  /// The first that is given: `n_positions`, `max_position_embeddings` or `n_ctx` of the configuration (of its
  /// `text_config` first), the tokenizer's `model_max_length` unless it means "no limit", 2048.
  public static func tokens(config: ConfigFile, tokenizerConfig: JSONValue? = nil) -> Int {
    for document in [config.document["text_config"], config.document] {
      for key in ["n_positions", "max_position_embeddings", "n_ctx"] {
        if let length = document?[key]?.integer, length > 0 { return length }
      }
    }
    if let length = tokenizerConfig?["model_max_length"]?.double, length >= 1, length < 1e9 {
      return Int(length)
    }
    return 2048
  }

  /// As ``tokens(config:tokenizerConfig:)``, with the `tokenizer_config.json` of a folder if it has one.
  ///
  /// - Throws: ``Diagnostic`` if that file is not JSON.
  public static func tokens(
    config: ConfigFile, tokenizerFolder: String
  ) throws(Diagnostic) -> Int {
    let path = tokenizerFolder + "/tokenizer_config.json"
    guard FileContents.exists(path) else { return tokens(config: config) }
    return tokens(config: config, tokenizerConfig: try JSONValue.read(path: path))
  }
}

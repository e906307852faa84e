public import Checkpoints
public import Diagnostics
public import Documents

/// The tokenizer of a model, or the one that a merge has built.
public struct ModelTokenizer: Sendable, Hashable {
  /// The folder whose files it consists of.
  public let folder: String
  /// What takes the place of the folder's `tokenizer.json`; nil if nothing does.
  public let document: JSONValue?
  /// What takes the place of the folder's `tokenizer_config.json`; nil if nothing does.
  let configuration: JSONValue?

  init(folder: String, document: JSONValue?, configuration: JSONValue?) {
    self.folder = folder
    self.document = document
    self.configuration = configuration
  }

  /// The tokenizer that a folder holds.
  public init(folder: String) { self.init(folder: folder, document: nil, configuration: nil) }

  /// The files of a tokenizer that was built; nil if those of ``folder`` can be copied.
  ///
  /// Files in older formats, which lack the new tokens, are left out.
  /// - Throws: ``Diagnostic`` if a file cannot be read.
  public func builtFiles() throws(Diagnostic) -> [CheckpointWriter.TextFile]? {
    guard let document else { return nil }
    var files = [
      CheckpointWriter.TextFile(name: "tokenizer.json", text: document.text(.indented) + "\n")
    ]
    for name in TokenizerFiles.names where !Self.vocabularyFiles.contains(name) {
      if name == "tokenizer_config.json", let configuration {
        files.append(.init(name: name, text: configuration.text(.indented) + "\n"))
      } else if FileContents.exists("\(folder)/\(name)") {
        files.append(.init(name: name, text: try FileContents.text(of: "\(folder)/\(name)")))
      }
    }
    return files
  }

  private static let vocabularyFiles: Set = [
    "added_tokens.json", "merges.txt", "tokenizer.json", "tokenizer.model", "vocab.json",
    "vocab.txt",
  ]
}

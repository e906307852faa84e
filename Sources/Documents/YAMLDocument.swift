public import Diagnostics
import Yams

/// One document of a YAML file.
public struct YAMLDocument: Sendable {
  public let root: YAMLNode
  /// The text after `#` of every comment line that starts at the left margin, in order.
  public let comments: [String]
}

extension YAMLDocument {
  /// The documents of a YAML 1.1 text; documents without a value are left out.
  ///
  /// Refused: bytes that are not UTF-8, NUL bytes, duplicate keys, keys that are not text, nesting
  /// deeper than `maximumDepth`, aliases that multiply the text beyond any use.
  /// - Parameters:
  ///   - bytes: The text in UTF-8, with or without a byte order mark.
  ///   - location: What messages put first, such as the path of the file.
  ///   - maximumDepth: Largest nesting of lists and mappings, aliases followed.
  /// - Returns: At least one document.
  /// - Throws: ``Diagnostic`` that names the line; for syntax errors also the column.
  public static func parseAll(
    _ bytes: [UInt8], location: String, maximumDepth: Int = 64
  ) throws(Diagnostic) -> [YAMLDocument] {
    let text = try YAMLText.validated(bytes, location: location)
    let roots = try YAMLReader(file: location, maximumDepth: maximumDepth).roots(of: text)
    guard !roots.isEmpty else {
      throw Diagnostic(
        bytes.isEmpty ? "the file is empty" : "holds no YAML value", at: location,
        fix: "write the document, or fetch the file again if it was cut off")
    }
    let comments = YAMLText.comments(of: text, rootLines: roots.map(\.line))
    return zip(roots, comments).map { YAMLDocument(root: $0, comments: $1) }
  }

  /// - Throws: ``Diagnostic`` as ``parseAll(_:location:maximumDepth:)``, and for several documents.
  public static func parse(
    _ bytes: [UInt8], location: String, maximumDepth: Int = 64
  ) throws(Diagnostic) -> YAMLDocument {
    let documents = try parseAll(bytes, location: location, maximumDepth: maximumDepth)
    if documents.count > 1 {
      throw documents[1].root.problem(
        "holds \(documents.count) documents, but only one is expected",
        fix: "remove what follows the line '---'")
    }
    return documents[0]
  }

  public static func parse(
    text: String, location: String, maximumDepth: Int = 64
  ) throws(Diagnostic) -> YAMLDocument {
    try parse(Array(text.utf8), location: location, maximumDepth: maximumDepth)
  }

  public static func parseAll(
    text: String, location: String, maximumDepth: Int = 64
  ) throws(Diagnostic) -> [YAMLDocument] {
    try parseAll(Array(text.utf8), location: location, maximumDepth: maximumDepth)
  }

  /// - Throws: ``Diagnostic`` if the file cannot be read or is not one YAML document.
  public static func read(path: String) throws(Diagnostic) -> YAMLDocument {
    try parse(FileContents.bytes(of: path), location: path)
  }

  /// - Throws: ``Diagnostic`` if the file cannot be read or is not YAML.
  public static func readAll(path: String) throws(Diagnostic) -> [YAMLDocument] {
    try parseAll(FileContents.bytes(of: path), location: path)
  }
}

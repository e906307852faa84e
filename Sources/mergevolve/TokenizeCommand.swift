import ArgumentParser
import Diagnostics
import Documents
import Foundation
import MergeEngine
import Tokenization

/// `mergevolve tokenize`: texts to token ids and back, for comparison with other tokenizers.
struct TokenizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn texts into token ids, or ids into texts.",
    discussion: """
      Reads JSON lines from standard input and writes one JSON line for each to standard output: \
      {"text": "…"} gives {"ids": […], "decoded": "…"}, where decoded is the text of the ids with \
      no token left out. With --ids, {"ids": […]} gives {"decoded": "…"}.

      MODEL is a folder with a tokenizer.json, a hub id in the local cache, or a recipe, which has \
      the tokenizer that its merge would have.

      Example: echo '{"text": "calc: 84 - 58 ="}' | mergevolve tokenize Datasets/demo/models/base
      """)

  @Argument(help: ArgumentHelp("A model's folder, its hub id, or a recipe.", valueName: "model"))
  var model: String

  @Flag(
    help:
      "Add the special tokens that the tokenizer adds to a text, such as the one it begins with.")
  var special = false

  @Flag(help: "Read ids and write texts.")
  var ids = false

  func run() async throws {
    let files = try ModelArgument(model).tokenizer()
    let tokenizer = try Tokenizer.load(folder: files.folder, document: files.document)
    for warning in tokenizer.warnings { note("\(warning)") }
    var lines = InputLines(.standardInput, name: "standard input")
    while let rows = try lines.next() {
      var output: [UInt8] = []
      for row in rows {
        let answer = ids ? try decoded(row, tokenizer) : try encoded(row, tokenizer)
        output += answer.utf8(.ascii) + [UInt8(ascii: "\n")]
      }
      try FileHandle.standardOutput.write(contentsOf: Data(output))
    }
  }

  private func encoded(
    _ row: InputLines.Row, _ tokenizer: Tokenizer
  ) throws(Diagnostic) -> JSONValue {
    guard let text = row.value["text"]?.string else {
      throw Diagnostic(
        "has no text", at: row.location,
        fix: "write {\"text\": \"…\"}, or use --ids to read token ids")
    }
    let ids = tokenizer.encode(text, addSpecialTokens: special)
    return .object([
      .init("ids", .array(ids.map { JSONValue($0) })),
      .init("decoded", .string(tokenizer.decode(ids, skipSpecialTokens: false))),
    ])
  }

  private func decoded(
    _ row: InputLines.Row, _ tokenizer: Tokenizer
  ) throws(Diagnostic) -> JSONValue {
    guard let values = row.value["ids"]?.array else {
      throw Diagnostic("has no list of ids", at: row.location, fix: "write {\"ids\": [1, 2, 3]}")
    }
    let ids = try tokenIDs(values, at: row.location)
    return .object([.init("decoded", .string(tokenizer.decode(ids, skipSpecialTokens: false)))])
  }
}

/// Reads a list of token ids.
///
/// - Throws: ``Diagnostic`` if one is not a whole number of at least 0.
func tokenIDs(_ values: [JSONValue], at location: String) throws(Diagnostic) -> [Int] {
  var ids: [Int] = []
  for value in values {
    guard let id = value.integer, id >= 0 else {
      throw Diagnostic(
        "\(value.text(.compact)) is not a token id", at: location,
        fix: "write whole numbers from 0 on")
    }
    ids.append(id)
  }
  return ids
}

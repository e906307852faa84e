import Documents
import Foundation
import Testing

@testable import Tokenization

/// Texts and ids as the `tokenizers` library 0.23.3 encodes and decodes them, one folder per family:
/// `tokenizer.json`, `cases.jsonl`, `decode_cases.jsonl`.
///
/// The folders here are a selection. `TOKENIZER_CASES=FOLDER swift test --filter GoldenTokenizer` runs
/// the folders of another collection.
@Suite("Golden tokenizers") struct GoldenTokenizerTests {
  private static let root =
    ProcessInfo.processInfo.environment["TOKENIZER_CASES"]
    ?? golden("")

  static let families: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
    .filter { FileManager.default.fileExists(atPath: "\(root)/\($0)/tokenizer.json") }.sorted()

  @Test("has families") func collection() { #expect(!Self.families.isEmpty) }

  @Test("encodes and decodes like the library", arguments: families)
  func cases(family: String) throws {
    let tokenizer = try Tokenizer.load(folder: "\(Self.root)/\(family)")
    let rows = try JSONLines.read(path: "\(Self.root)/\(family)/cases.jsonl").rows
    #expect(!rows.isEmpty)
    for row in rows {
      let text = try #require(row.value["text"]?.string)
      let plain = try ids(row.value["ids"])
      let special = try ids(row.value["ids_special"])
      #expect(
        tokenizer.encode(text, addSpecialTokens: false) == plain,
        "line \(row.line): \(text.debugDescription)")
      #expect(
        tokenizer.encode(text, addSpecialTokens: true) == special,
        "line \(row.line): \(text.debugDescription)")
      try expect(tokenizer.decode(plain, skipSpecialTokens: false), row, "decoded")
      try expect(tokenizer.decode(special, skipSpecialTokens: false), row, "decoded_special")
      try expect(tokenizer.decode(special, skipSpecialTokens: true), row, "decoded_skip_special")
    }
  }

  @Test("decodes any ids like the library", arguments: families)
  func decoding(family: String) throws {
    let tokenizer = try Tokenizer.load(folder: "\(Self.root)/\(family)")
    let rows = try JSONLines.read(path: "\(Self.root)/\(family)/decode_cases.jsonl").rows
    #expect(!rows.isEmpty)
    for row in rows {
      let ids = try ids(row.value["ids"])
      try expect(tokenizer.decode(ids, skipSpecialTokens: false), row, "decoded")
      try expect(tokenizer.decode(ids, skipSpecialTokens: true), row, "decoded_skip_special")
    }
  }

  private func ids(_ value: JSONValue?) throws -> [Int] {
    try #require(value?.array).map { try #require($0.integer) }
  }

  /// Compares bytes: `String ==` takes canonically equivalent texts for equal.
  private func expect(_ text: String, _ row: JSONLines.Row, _ key: String) throws {
    let expected = try #require(row.value[key]?.string)
    #expect(
      text.utf8.elementsEqual(expected.utf8),
      "line \(row.line), \(key): \(text.debugDescription), not \(expected.debugDescription)")
  }
}

import Diagnostics
import Testing

@testable import Tokenization

@Suite("Beginning and end tokens") struct BoundaryTokensTests {
  private let json =
    #"{"model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, "<e>": 2}, "merges": []}}"#

  private func load(_ files: [String: String]) throws -> Tokenizer {
    try withFolder(files.merging(["tokenizer.json": json]) { $1 }) {
      try Tokenizer.load(folder: $0)
    }
  }

  @Test("names come from tokenizer_config.json, as strings or objects") func names() throws {
    let tokenizer = try load([
      "tokenizer_config.json":
        #"{"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}}"#,
      "config.json": #"{"bos_token_id": 2, "eos_token_id": [2]}"#,
    ])
    #expect(tokenizer.bosID == 0)
    #expect(tokenizer.eosIDs == [1])
    #expect(tokenizer.prefixTokenID == 0)
  }

  @Test("ids come from generation_config.json, then config.json") func numbers() throws {
    let tokenizer = try load([
      "tokenizer_config.json": #"{"bos_token": null}"#,
      "generation_config.json": #"{"eos_token_id": [2, 1]}"#,
      "config.json": #"{"bos_token_id": 0, "eos_token_id": 1}"#,
    ])
    #expect(tokenizer.bosID == 0)
    #expect(tokenizer.eosIDs == [2, 1])
    #expect(try load(["config.json": #"{"eos_token_id": 1}"#]).eosIDs == [1])
  }

  @Test("the prefix is the beginning token, else the end token, else none") func prefix() throws {
    let tokenizer = try load(["config.json": #"{"eos_token_id": [2, 1]}"#])
    #expect(tokenizer.bosID == nil)
    #expect(tokenizer.prefixTokenID == 2)
    let without = try load([:])
    #expect(without.eosIDs.isEmpty)
    #expect(without.prefixTokenID == nil)
  }

  @Test(
    "refuses names and ids that are none",
    arguments: [
      (
        "tokenizer_config.json", #"{"bos_token": "<x>"}"#, "bos_token",
        "the token '<x>' is not in tokenizer.json"
      ),
      (
        "tokenizer_config.json", #"{"eos_token": {"content": 5}}"#, "eos_token.content",
        "expected a string, found 5"
      ),
      (
        "tokenizer_config.json", #"{"eos_token": {}}"#, "eos_token", "the key 'content' is missing"
      ),
      (
        "config.json", #"{"eos_token_id": [1, "2"]}"#, "eos_token_id[1]",
        "expected a token id (a whole number from 0), found '2'"
      ),
      (
        "generation_config.json", #"{"bos_token_id": -1}"#, "bos_token_id",
        "expected a token id (a whole number from 0), found -1"
      ),
    ])
  func refusals(file: String, text: String, key: String, problem: String) throws {
    let error = #expect(throws: Diagnostic.self) { try load([file: text]) }
    #expect(error?.problem == problem)
    #expect(error?.location.hasSuffix("/\(file): \(key)") == true)
  }
}

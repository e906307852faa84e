import Diagnostics
import Documents
import Foundation
import Testing

@testable import Tokenization

@Suite("Loading a tokenizer") struct TokenizerLoadingTests {
  private static let damaged =
    "fetch the file again, or export the tokenizer anew with transformers"

  /// `tokenizer.json` with a small BPE model and the given parts.
  private static func json(
    _ parts: String = "", model: String = #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]"#
  ) -> String {
    #"{"version": "1.0"\#(parts.isEmpty ? "" : ", " + parts), "model": {"type": "BPE", \#(model)}}"#
  }

  @Test(
    "reads merges in both spellings and models without a type",
    arguments: [
      ##"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["#version: 0.2", "a b"]}}"##,
      #"{"model": {"merges": [["a", "b"]], "vocab": {"ab": 2, "b": 1, "a": 0}}, "unknown": [1]}"#,
      #"{"model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"], "dropout": 0.0, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": null}}"#,
      #"{"model": {"vocab": [["a", -5], ["b", -5], ["ab", -1]], "unk_id": 0}}"#,
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "@@b": 1, "ab": 2}, "merges": ["a @@b"], "continuing_subword_prefix": "@@"}}"#,
    ])
  func spellings(json: String) throws {
    #expect(try tokenizer(json).encode("ab", addSpecialTokens: true) == [2])
  }

  @Test("of a merge listed twice the later one counts") func repeatedMerge() throws {
    let json = Self.json(
      model:
        #""vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, "merges": ["a b", "b c", "a b"]"#)
    #expect(try tokenizer(json).encode("abc", addSpecialTokens: true) == [0, 4])
  }

  @Test("keeps canonically equivalent tokens apart") func equivalence() throws {
    let json = Self.json(
      model: #""vocab": {"\u00c5": 0, "\u212b": 1, "A": 2, "\u030a": 3}, "merges": []"#)
    let tokenizer = try tokenizer(json)
    #expect(tokenizer.vocabularySize == 4)
    #expect(tokenizer.encode("\u{212B}\u{C5}A\u{30A}", addSpecialTokens: false) == [1, 0, 2, 3])
    #expect(tokenizer.id(ofToken: "\u{212B}") == 1)
  }

  @Test("warns of a truncation and a padding, and ignores them") func warnings() throws {
    let tokenizer = try tokenizer(Self.json(#""truncation": {"max_length": 1}, "padding": {}"#))
    #expect(
      tokenizer.warnings.map(\.description) == [
        "tokenizer.json: truncation: the tokenizer's own truncation is ignored\n"
          + "  fix: set it to null; the length of a text is the evaluation's business",
        "tokenizer.json: padding: the tokenizer's own padding is ignored\n"
          + "  fix: set it to null; the length of a text is the evaluation's business",
      ])
    #expect(tokenizer.encode("aba", addSpecialTokens: true) == [2, 0])
    #expect(try self.tokenizer(Self.json()).warnings.isEmpty)
  }

  private func tokenizer(_ json: String) throws -> Tokenizer { try Tokenizer(node(json)) }

  private static let token =
    #""special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false"#

  private static let refused: [(json: String, location: String, problem: String)] = [
    ("[]", "", "expected an object, found an array"),
    ("{}", "", "the key 'model' is missing"),
    (#"{"model": null}"#, "", "the key 'model' is missing"),
    (#"{"version": "2.0", "model": {}}"#, "version", "expected the version 1.0, found '2.0'"),
    (#"{"model": {"type": 3}}"#, "model.type", "expected a string, found 3"),
    (
      #"{"model": {"type": "WordPiece"}}"#, "model.type", "the model 'WordPiece' is not supported"
    ),
    (
      #"{"model": {"vocab": {}}}"#, "model",
      "the model has no type, and only a BPE or Unigram model is recognised without one"
    ),
    (json(model: #""vocab": []"#), "model.vocab", "expected an object, found an array"),
    (json(model: #""vocab": {}"#), "model", "the key 'merges' is missing"),
    (
      json(model: #""vocab": {"a": -1}, "merges": []"#), "model.vocab.'a'",
      "expected a token id (a whole number from 0), found -1"
    ),
    (
      json(model: #""vocab": {"a": 4294967296}, "merges": []"#), "model.vocab.'a'",
      "expected a token id (a whole number from 0), found 4294967296"
    ),
    (
      json(model: #""vocab": {"a": "0"}, "merges": []"#), "model.vocab.'a'",
      "expected a token id (a whole number from 0), found '0'"
    ),
    (
      json(model: #""vocab": {"a": 0, "b": 0}, "merges": []"#), "model.vocab.'b'",
      "the id 0 belongs to 'a' too"
    ),
    (
      json(model: #""vocab": {"a": 0, "a": 1}, "merges": []"#), "model.vocab.'a'",
      "the token occurs twice"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": ["a b"]"#), "model.merges[0]",
      "the merge needs 'b', which is not in the vocabulary"
    ),
    (
      json(model: #""vocab": {"b": 0}, "merges": [["a", "b"]]"#), "model.merges[0]",
      "the merge needs 'a', which is not in the vocabulary"
    ),
    (
      json(model: #""vocab": {"a": 0, "b": 1}, "merges": ["a b"]"#), "model.merges[0]",
      "the merge needs 'ab', which is not in the vocabulary"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": ["a a a"]"#), "model.merges[0]",
      "the merge 'a a a' does not have two parts separated by one space"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": ["aa"]"#), "model.merges[0]",
      "the merge 'aa' does not have two parts separated by one space"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": [["a"]]"#), "model.merges[0]",
      "a merge must be two strings"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": [7]"#), "model.merges[0]",
      "expected a merge, found 7"
    ),
    (
      json(
        model: #""vocab": {"a": 0, "b": 1}, "merges": ["a b"], "continuing_subword_prefix": "@@""#),
      "model.merges[0]", "the second part of the merge lacks the continuing_subword_prefix"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": [], "unk_token": "<unk>""#), "model.unk_token",
      "the token '<unk>' is not in the vocabulary"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": [], "dropout": 0.1"#), "model.dropout",
      "dropout makes tokens random and is not supported"
    ),
    (
      json(model: #""vocab": {"a": 0}, "merges": [], "byte_fallback": "yes""#),
      "model.byte_fallback",
      "expected true or false, found 'yes'"
    ),
    (
      #"{"model": {"type": "Unigram", "vocab": [["a"]], "unk_id": 0}}"#, "model.vocab[0]",
      "a piece must be a string and a finite score"
    ),
    (
      #"{"model": {"type": "Unigram", "vocab": [["a", 1e999]], "unk_id": 0}}"#, "model.vocab[0]",
      "a piece must be a string and a finite score"
    ),
    (
      #"{"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1}}"#, "model.unk_id",
      "the id 1 is not below the 1 pieces"
    ),
    (
      #"{"model": {"type": "Unigram", "vocab": [["a", 0]]}}"#, "model",
      "the key 'unk_id' is missing"
    ),
    (
      json(
        #""normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}"#
      ),
      "normalizer.normalizers[1].type", "the normalizer 'Precompiled' is not supported"
    ),
    (json(#""normalizer": {"type": "Prepend"}"#), "normalizer", "the key 'prepend' is missing"),
    (
      json(#""normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "x"}"#),
      "normalizer.pattern.String", "an empty string matches nothing"
    ),
    (
      json(#""normalizer": {"type": "Replace", "pattern": {}, "content": "x"}"#),
      "normalizer.pattern", "a pattern must have the key 'String' or 'Regex'"
    ),
    (
      json(#""normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": "x"}"#),
      "normalizer.pattern.Regex",
      "the regular expression '(' is not valid: end pattern with unmatched parenthesis"
    ),
    (
      json(#""pre_tokenizer": {"type": "BertPreTokenizer"}"#), "pre_tokenizer.type",
      "the pre-tokenizer 'BertPreTokenizer' is not supported"
    ),
    (
      json(
        #""pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "isolated"}"#),
      "pre_tokenizer.behavior", "unknown behavior 'isolated'"
    ),
    (
      json(#""pre_tokenizer": {"type": "Metaspace", "replacement": "ab"}"#),
      "pre_tokenizer.replacement", "'ab' is not a single character"
    ),
    (
      json(
        #""pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}"#),
      "pre_tokenizer", "the prepend_scheme 'last' is unknown"
    ),
    (
      json(
        #""pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "add_prefix_space": false}"#
      ),
      "pre_tokenizer", "add_prefix_space false contradicts the prepend_scheme"
    ),
    (
      json(#""post_processor": {"type": "Other"}"#), "post_processor.type",
      "the post-processor 'Other' is not supported"
    ),
    (
      json(
        #""post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]}"#),
      "post_processor.single[0].Sequence.id",
      "the template of a single text uses the sequence 'B', not A"
    ),
    (
      json(
        #""post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {}}"#
      ),
      "post_processor.single[0].SpecialToken.id",
      "the special token 'x' is not among the template's special_tokens"
    ),
    (
      json(#""post_processor": {"type": "TemplateProcessing", "single": [{}]}"#),
      "post_processor.single[0]",
      "an item of a template must have the key 'Sequence' or 'SpecialToken'"
    ),
    (
      json(#""post_processor": {"type": "BertProcessing", "cls": ["a"], "sep": ["b", 1]}"#),
      "post_processor.cls", "expected a token and its id, found an array"
    ),
    (json(#""decoder": {"type": "CTC"}"#), "decoder.type", "the decoder 'CTC' is not supported"),
    (
      json(#""decoder": {"type": "Strip", "content": " ", "start": -1, "stop": 0}"#),
      "decoder.start",
      "expected a whole number from 0, found -1"
    ),
    (json(#""added_tokens": {}"#), "added_tokens", "expected an array, found an object"),
    (
      json(#""added_tokens": [{"id": 7, "content": "<s>", \#(token)}]"#), "added_tokens[0].id",
      "'<s>' has the id 7, but by its place it is 3"
    ),
    (
      json(#""added_tokens": [{"id": 3, "content": "ab", \#(token)}]"#), "added_tokens[0].id",
      "'ab' has the id 3, but by its place it is 2"
    ),
    (
      json(
        #""added_tokens": [{"id": 4, "content": "y", \#(token)}, {"id": 3, "content": "x", \#(token)}]"#
      ),
      "added_tokens[0].id", "'y' has the id 4, but by its place it is 3"
    ),
    (
      json(#""added_tokens": [{"id": 3, "content": "x"}]"#), "added_tokens[0]",
      "the key 'special' is missing"
    ),
    (
      json(
        #""normalizer": {"type": "Strip"}, "added_tokens": [{"id": 3, "content": " ", "special": false, "normalized": true, "single_word": false, "lstrip": false, "rstrip": false}]"#
      ),
      "added_tokens[0]", "nothing is left of the token after normalization"
    ),
  ]

  @Test("refuses what it cannot follow, with file and key", arguments: refused)
  func refusals(json: String, location: String, problem: String) {
    let error = #expect(throws: Diagnostic.self) { try tokenizer(json) }
    #expect(error?.problem == problem)
    #expect(
      error?.location == (location.isEmpty ? "tokenizer.json" : "tokenizer.json: \(location)"))
    #expect(error?.fix.isEmpty == false)
  }

  @Test("says what to do") func remedies() {
    #expect(
      throws: Diagnostic(
        "the decoder 'CTC' is not supported", at: "tokenizer.json: decoder.type",
        fix: "use a model whose tokenizer has one of: "
          + "Sequence, ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace")
    ) { try tokenizer(Self.json(#""decoder": {"type": "CTC"}"#)) }
    #expect(
      throws: Diagnostic("the key 'model' is missing", at: "tokenizer.json", fix: Self.damaged)
    ) {
      try tokenizer("{}")
    }
  }

  @Test(
    "names the folder that has no tokenizer.json, and the older format it has",
    arguments: [
      (
        nil, "has no tokenizer.json",
        "copy tokenizer.json from the model that this one was made from"
      ),
      (
        "tokenizer.model",
        "has no tokenizer.json; its tokenizer.model is the older format SentencePiece, which is not supported",
        "convert it once with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
      ),
      (
        "vocab.json",
        "has no tokenizer.json; its vocab.json is the older format vocab.json and merges.txt, which is not supported",
        "convert it once with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
      ),
    ])
  func missing(file: String?, problem: String, fix: String) throws {
    try withFolder(file.map { [$0: ""] } ?? [:]) { folder in
      #expect(throws: Diagnostic(problem, at: folder, fix: fix)) {
        try Tokenizer.load(folder: folder)
      }
    }
    #expect(
      throws: Diagnostic("no such folder", at: "/nowhere", fix: "check the path of the model")
    ) {
      try Tokenizer.load(folder: "/nowhere")
    }
  }

  @Test("a file that was cut off is refused", arguments: ["gpt2", "unigram", "flags"])
  func truncated(family: String) throws {
    let text = try String(contentsOfFile: golden("\(family)/tokenizer.json"), encoding: .utf8)
    let bytes = Array(text.trimmingCharacters(in: .whitespacesAndNewlines).utf8)
    for count in stride(from: 0, to: bytes.count, by: bytes.count / 60) {
      let part = String(decoding: bytes[..<count], as: UTF8.self)
      #expect(throws: Diagnostic.self) { try tokenizer(part) }
    }
  }

  @Test("a damaged file is refused or read, never a trap", arguments: UInt64(0)..<48)
  func damaged(seed: UInt64) throws {
    let families = ["flags", "llama2", "unigram", "qwen2"]
    let file = golden("\(families[Int(seed % 4)])/tokenizer.json")
    var bytes = try FileContents.bytes(of: file)
    var generator = SplitMix64(seed: seed)
    // Names, flags and ids stand at the beginning and the end; the vocabulary is in between.
    let head = 0..<min(bytes.count, 4_000)
    for _ in 0..<3 {
      let place =
        Bool.random(using: &generator)
        ? Int.random(in: head, using: &generator)
        : Int.random(in: 0..<bytes.count, using: &generator)
      let replacements = Array("0\"{}[],:x ".utf8)
      bytes[place] = replacements.randomElement(using: &generator) ?? 0
    }
    do {
      let tokenizer = try tokenizer(String(decoding: bytes, as: UTF8.self))
      let ids = tokenizer.encode(
        generator.text(of: troublesome, count: 60), addSpecialTokens: true)
      _ = tokenizer.decode(ids, skipSpecialTokens: true)
    } catch is Diagnostic {
    }
  }
}

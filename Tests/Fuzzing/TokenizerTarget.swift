import Diagnostics
import Documents
import Foundation
import Tokenization

extension FuzzTarget {
  /// `tokenizer.json`, with the texts that the tokenizer is then used on.
  static let tokenizer = FuzzTarget(
    name: "tokenizer", seeds: tokenizers.map { Array($0.utf8) },
    mutate: { bytes, random in
      guard let document = try? JSONValue.parse(bytes, location: "fuzz") else {
        return random.damaged(bytes)
      }
      return random.changed(document, strings: words).utf8(.compact)
    },
    read: { bytes throws(Diagnostic) in
      let document = try JSONValue.parse(bytes, location: "fuzz/tokenizer.json")
      let tokenizer = try Tokenizer.load(folder: "fuzz", document: document)
      for text in texts {
        for addsSpecialTokens in [false, true] {
          let ids = tokenizer.encode(text, addSpecialTokens: addsSpecialTokens)
          guard ids.allSatisfy({ $0 >= 0 }) else { return "ids \(ids) of '\(text)'" }
          _ = tokenizer.decode(ids, skipSpecialTokens: addsSpecialTokens)
        }
      }
      _ = tokenizer.decode([0, 1, 1_000_000, 5, 5], skipSpecialTokens: false)
      return nil
    })

  private static let texts = [
    "", " ", "ab ba", "<s>a<|end|>", "é e\u{301}\u{1F600}\u{0}\n\t 12'd",
    "aaaaaaaaaaaaaaaaaaaaaaaaab",
    "  leading, trailing  ", "\u{FFFD}\u{200D}ﬁ№",
  ]

  private static let words = [
    "", "a", "b", "ab", "a b", " ", "▁", "Ġ", "<0x0A>", "<s>", "é", "e\u{301}", "\u{1F600}",
    "\u{0}",
    "type", "model", "vocab", "merges", "added_tokens", "normalizer", "pre_tokenizer",
    "post_processor", "decoder", "BPE", "Unigram", "WordPiece", "WordLevel", "unk_token", "unk_id",
    "byte_fallback", "fuse_unk", "ignore_merges", "dropout", "continuing_subword_prefix",
    "end_of_word_suffix", "Sequence", "ByteLevel", "Metaspace", "Split", "Digits", "Punctuation",
    "Whitespace", "Replace", "Prepend", "NFC", "NFKC", "Lowercase", "Strip", "StripAccents",
    "Precompiled", "TemplateProcessing", "Fuse", "ByteFallback", "pattern", "Regex", "String",
    "behavior", "Isolated", "Removed", "MergedWithNext", "invert", "(", "(?=a)*", "[^\\s]+",
    "\\p{L}+|\\p{N}", "(a*)*b", "content", "id", "special", "normalized", "lstrip", "rstrip",
    "single_word", "AAAAAA==", "pieces", "special_tokens", "tokens", "ids", "SpecialToken", "A",
  ]

  private static let tokenizers = [
    #"""
    {"version":"1.0","added_tokens":[{"id":7,"content":"<|end|>","single_word":false,"lstrip":true,\#
    "rstrip":false,"normalized":false,"special":true},{"id":8,"content":"ba","single_word":true,\#
    "lstrip":false,"rstrip":true,"normalized":true,"special":false}],"normalizer":{"type":"NFC"},\#
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":\#
    "'d|\\p{L}+| ?\\p{N}|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel",\#
    "add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},"post_processor":{"type":\#
    "TemplateProcessing","single":[{"SpecialToken":{"id":"<|end|>","type_id":0}},{"Sequence":{"id":"A",\#
    "type_id":0}}],"pair":[],"special_tokens":{"<|end|>":{"id":"<|end|>","ids":[7],"tokens":\#
    ["<|end|>"]}}},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,\#
    "use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,\#
    "continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,\#
    "ignore_merges":true,"vocab":{"a":0,"b":1,"Ġ":2,"ab":3,"Ġa":4,"aa":5,"Ã":6},"merges":["a b",\#
    ["Ġ","a"],"a a"]}}
    """#,
    #"""
    {"version":"1.0","added_tokens":[{"id":1,"content":"<s>","single_word":false,"lstrip":false,\#
    "rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":\#
    [{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},\#
    "pre_tokenizer":null,"post_processor":null,"decoder":{"type":"Sequence","decoders":[{"type":\#
    "Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":\#
    "Strip","content":" ","start":1,"stop":0}]},"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":\#
    true,"byte_fallback":true,"vocab":{"<unk>":0,"<s>":1,"<0x0A>":2,"▁":3,"a":4,"b":5,"ab":6,"▁a":7},\#
    "merges":[["a","b"],["▁","a"]]}}
    """#,
    #"""
    {"version":"1.0","added_tokens":[],"normalizer":{"type":"NFKC"},"pre_tokenizer":{"type":\#
    "Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"post_processor":null,\#
    "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"model":\#
    {"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["▁",-2.5],["a",-1.5],["b",-3],["▁ab",-4.25],\#
    ["aa",-2.0]],"byte_fallback":false}}
    """#,
  ]
}

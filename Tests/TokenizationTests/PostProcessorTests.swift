import Testing

@testable import Tokenization

@Suite("Post-processors") struct PostProcessorTests {
  private func process(_ json: String, _ ids: [Int], special: Bool = true) throws -> [Int] {
    try postProcessors.component(node(json)).append(ids, addSpecialTokens: special)
  }

  private let template = #"""
    {"type": "TemplateProcessing",
     "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}}],
     "pair": [],
     "special_tokens": {"<s>": {"id": "<s>", "ids": [7, 8], "tokens": ["a", "b"]},
                        "</s>": {"id": "</s>", "ids": [9], "tokens": ["c"]}}}
    """#

  @Test("a template puts its own ids around the text") func templates() throws {
    #expect(try process(template, [1, 2]) == [7, 8, 1, 2, 9])
    #expect(try process(template, []) == [7, 8, 9])
    #expect(try process(template, [1, 2], special: false) == [1, 2])
  }

  @Test("others") func others() throws {
    #expect(try process(#"{"type": "ByteLevel", "trim_offsets": true}"#, [1]) == [1])
    let roberta = #"{"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]}"#
    #expect(try process(roberta, [5]) == [0, 5, 2])
    #expect(try process(roberta, [5], special: false) == [5])
    #expect(
      try process(#"{"type": "BertProcessing", "cls": ["a", 3], "sep": ["b", 4]}"#, []) == [3, 4])
    let sequence =
      #"{"type": "Sequence", "processors": [\#(template), \#(roberta), {"type": "ByteLevel"}]}"#
    #expect(try process(sequence, [1]) == [0, 7, 8, 1, 9, 2])
    #expect(try process(sequence, [1], special: false) == [1])
    #expect(PostProcessor.none.append([1], addSpecialTokens: true) == [1])
  }
}

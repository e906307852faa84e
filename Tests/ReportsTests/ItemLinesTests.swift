import Documents
import PopulationStore
import Reports
import TestSupport
import Testing

@Suite("Item lines") struct ItemLinesTests {
  @Test("hold every item with its columns and its text")
  func lines() throws {
    let folder = try TemporaryFolder()
    let store = try ScriptedSearch().finished(at: folder.file("search.sqlite"))
    let key = EvaluationKey(
      candidate: 1, split: .validation, precision: "f32", decode: "unproved", maskSeed: 0)
    let lines = ItemLines.lines(
      try store.itemBlocks(key), texts: try store.sampleTexts(key),
      benchmarks: try store.benchmarks())
    try expectGolden(lines.map { $0.text(.compact) + "\n" }.joined(), "items.jsonl")
  }

  @Test("write every kind of column, and what is not finite as text")
  func columns() {
    let key = EvaluationKey(
      candidate: 1, split: .search, precision: "f32", decode: "never", maskSeed: .max)
    let block = ItemBlock(
      key: key, task: "t", block: 0,
      items: ItemTable(
        positions: [5],
        columns: [
          .init("nats", .reals([-.infinity])),
          .init("ppl", .ratios(numerators: [1.5], denominators: [3])),
          .init("n", .integers([-2])), .init("choices", .realLists([[1, .nan]])),
          .init("said", .texts(["a\"b"])),
        ]))
    let line = ItemLines.lines([block], texts: [], benchmarks: [])[0].text(.compact)
    #expect(
      line == """
        {"candidate":1,"split":"search","precision":"f32","decode":"never",\
        "mask_seed":18446744073709551615,"task":"t","position":5,"item":null,"nats":"-inf",\
        "ppl":{"numerator":1.5,"denominator":3.0},"n":-2,"choices":[1.0,"nan"],"said":"a\\"b"}
        """)
  }
}

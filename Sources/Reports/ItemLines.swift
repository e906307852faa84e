public import Documents
public import PopulationStore

/// Results of single items as JSON lines: one object per item, its columns as members.
public enum ItemLines {
  /// All items of one evaluation, in task and item order, with the generated texts where they are kept.
  public static func lines(
    _ blocks: [ItemBlock], texts: [SampleText], benchmarks: [StoredBenchmark]
  ) -> [JSONValue] {
    var names: [String: [StoredBenchmark.Item]] = [:]
    if let split = blocks.first?.key.split {
      for benchmark in benchmarks where benchmark.split == split {
        names[benchmark.task] = benchmark.items
      }
    }
    var said: [String: [Int: String]] = [:]
    for text in texts { said[text.task, default: [:]][text.position] = text.text }
    return blocks.flatMap { block in
      block.items.positions.enumerated().map { index, position in
        let items = names[block.task] ?? []
        var members: [JSONValue.Member] = [
          .init("candidate", JSONValue(block.key.candidate)),
          .init("split", .string(block.key.split.rawValue)),
          .init("precision", .string(block.key.precision)),
          .init("decode", .string(block.key.decode)),
          .init("mask_seed", .number("\(block.key.maskSeed)")),
          .init("task", .string(block.task)),
          .init("position", JSONValue(position)),
          .init(
            "item", items.indices.contains(position) ? .string(items[position].id) : .null),
        ]
        for column in block.items.columns {
          members.append(.init(column.name, value(column.values, at: index)))
        }
        if let text = said[block.task]?[position] { members.append(.init("text", .string(text))) }
        return .object(members)
      }
    }
  }

  private static func value(_ values: ItemTable.Values, at index: Int) -> JSONValue {
    switch values {
    case .reals(let reals): JSONValue(finite: reals[index])
    case .ratios(let numerators, let denominators):
      .object([
        "numerator": JSONValue(finite: numerators[index]),
        "denominator": JSONValue(finite: denominators[index]),
      ])
    case .integers(let integers): JSONValue(integers[index])
    case .realLists(let lists): .array(lists[index].map { JSONValue(finite: $0) })
    case .texts(let texts): .string(texts[index])
    }
  }
}

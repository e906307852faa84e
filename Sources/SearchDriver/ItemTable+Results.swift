import Evaluation
import PopulationStore
import Tasks

extension ItemTable.Values {
  /// One metric's values.
  init(_ values: [ItemValue]) {
    let isPlain = values.allSatisfy { if case .value = $0 { true } else { false } }
    self =
      isPlain
      ? .reals(values.map(\.numerator))
      : .ratios(numerators: values.map(\.numerator), denominators: values.map(\.denominator))
  }

  /// The values of a metric; nil for columns of another kind.
  var itemValues: [ItemValue]? {
    switch self {
    case .reals(let values): values.map { .value($0) }
    case .ratios(let numerators, let denominators):
      zip(numerators, denominators).map { .ratio(numerator: $0, denominator: $1) }
    case .integers, .realLists, .texts: nil
    }
  }
}

extension ItemTable {
  /// What the values were made of: `nats` and `tokens` per choice or text, `predicted`, or `evidence`
  /// (0 decoded, 1 proved by the forced pass, 2 left open).
  static func detailColumns(of items: [ItemResult]) -> [Column] {
    var nats: [[Double]] = []
    var tokens: [[Double]] = []
    var predicted: [Int] = []
    var evidence: [Int] = []
    for item in items {
      switch item.detail {
      case .choices(let choices, let choice):
        nats.append(choices.map(\.nats))
        tokens.append(choices.map { Double($0.tokenCount) })
        predicted.append(choice)
      case .continuation(let text), .text(let text):
        nats.append([text.nats])
        tokens.append([Double(text.tokenCount)])
      case .generation(_, let known):
        evidence.append(Int(known.rawValue))
      }
    }
    var columns: [Column] = []
    if nats.count == items.count, !items.isEmpty {
      columns.append(Column("nats", .realLists(nats)))
      columns.append(Column("tokens", .realLists(tokens)))
    }
    if predicted.count == items.count, !items.isEmpty {
      columns.append(Column("predicted", .integers(predicted)))
    }
    if evidence.count == items.count, !items.isEmpty {
      columns.append(Column("evidence", .integers(evidence)))
    }
    return columns
  }
}

public import Tasks

/// What one candidate did with one item: everything that a later analysis needs.
public struct ItemResult: Sendable, Hashable {
  /// Pairs the item across candidates.
  public let itemID: String
  public let values: [MetricName: ItemValue]
  public let detail: ItemDetail

  public init(itemID: String, values: [MetricName: ItemValue], detail: ItemDetail) {
    self.itemID = itemID
    self.values = values
    self.detail = detail
  }

  /// The same without generated text, which is kept for few candidates only.
  public var withoutText: ItemResult {
    guard case .generation(_, let evidence) = detail else { return self }
    return ItemResult(
      itemID: itemID, values: values, detail: .generation(text: nil, evidence: evidence))
  }
}

/// What the values of an item were made of.
public enum ItemDetail: Sendable, Hashable {
  /// Of a multiple_choice item; `predicted` is the most probable choice, the first of equals.
  case choices([ScoredText], predicted: Int)
  /// Of a loglikelihood item.
  case continuation(ScoredText)
  /// Of a perplexity item; `isGreedy` is not asked for and false.
  case text(ScoredText)
  /// Of a generate item; the text is nil where it is not known or was not kept.
  case generation(text: String?, evidence: GenerationEvidence)
}

/// The log-likelihood of a text after its context.
public struct ScoredText: Sendable, Hashable {
  /// Sum over the tokens.
  public let nats: Double
  public let tokenCount: Int
  /// Whether every token was the argmax.
  public let isGreedy: Bool

  public init(nats: Double, tokenCount: Int, isGreedy: Bool) {
    self.nats = nats
    self.tokenCount = tokenCount
    self.isGreedy = isGreedy
  }
}

/// How a generated text is known.
public enum GenerationEvidence: UInt8, Sendable, Hashable, CaseIterable {
  /// Token by token.
  case decoded = 0
  /// A teacher-forced pass followed greedy decoding to its end.
  case proved = 1
  /// A teacher-forced pass left it open, and nothing was decoded.
  case open = 2
}

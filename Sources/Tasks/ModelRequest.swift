/// What a task asks of a model, in texts: no task knows of tokens.
public enum ModelRequest: Sendable, Hashable {
  /// Nats of `continuation` after `context`; the space between them belongs to the continuation.
  case logLikelihood(context: String, continuation: String)
  /// Nats of every token of the text.
  case rolling(text: String)
  /// Greedy text after `context`, at most `limit` tokens, cut at the first of `stops`.
  ///
  /// `expected` is a text (its leading space included) that would score a hit if it were generated and then
  /// stopped. It is the draft of a teacher-forced proof; nil where the task does not allow one.
  case generation(context: String, stops: [String], limit: Int, expected: String?)
}

/// A model's answer to the request of the same name.
public enum ModelResponse: Sendable, Hashable {
  /// `nats` is the sum over the `tokens` of the continuation, `isGreedy` whether each was the argmax.
  case logLikelihood(nats: Double, tokens: Int, isGreedy: Bool)
  case rolling(nats: Double, tokens: Int)
  /// What greedy decoding yields, whether it was decoded or proved by a teacher-forced pass.
  ///
  /// `weakest` is log p, in nats, of the least probable token of the expected text and its end, each after the
  /// right ones before it. Nil where no teacher-forced pass was asked for.
  case generation(text: String, weakest: Double? = nil)
  /// What a teacher-forced pass alone could tell: the greedy text, or nil if it did not decide it.
  case forced(text: String?, weakest: Double? = nil)
}

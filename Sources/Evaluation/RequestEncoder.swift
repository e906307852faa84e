import Diagnostics
import Tasks
import Tokenization

/// A sequence of tokens of which a part is scored.
struct ScoredSequence: Hashable {
  let tokens: [Int]
  /// Positions whose log-probability, given all tokens before them, is asked for; never starts at 0.
  let scored: Range<Int>
  /// Whether the beginning was cut off to fit the model.
  let isTruncated: Bool

  /// Tokens that a model reads for it if nothing is shared: the last one is only predicted.
  var inputCount: Int { tokens.count - 1 }
}

/// Turns texts into tokens the way lm-eval does, so that scores agree.
struct RequestEncoder: Sendable {
  let tokenizer: Tokenizer
  /// L: the most tokens that the model reads at once.
  let maximumLength: Int
  private let prefixText: [UInt8]

  init(tokenizer: Tokenizer, maximumLength: Int) {
    self.tokenizer = tokenizer
    self.maximumLength = maximumLength
    prefixText =
      tokenizer.prefixTokenID.map {
        Array(tokenizer.decode([$0], skipSpecialTokens: false).utf8)
      } ?? []
  }

  /// With the tokenizer's special tokens, except where the text begins with the prefix token's text.
  func tokens(of text: String) -> [Int] {
    let hasPrefix = !prefixText.isEmpty && text.utf8.starts(with: prefixText)
    return tokenizer.encode(text, addSpecialTokens: !hasPrefix)
  }

  /// Context and continuation, split by the *number* of the context's tokens, not by text.
  ///
  /// - Throws: ``Diagnostic`` at `location` if the continuation adds no token or does not fit the model.
  func sequence(
    context: String, continuation: String, at location: String
  ) throws(Diagnostic) -> ScoredSequence {
    let (contextIDs, continuationIDs) = try pair(context, continuation, at: location)
    guard !continuationIDs.isEmpty else {
      throw Diagnostic(
        "the continuation '\(continuation)' adds no token to its context", at: location,
        fix: "write a continuation that is not empty")
    }
    guard continuationIDs.count <= maximumLength else {
      throw Diagnostic(
        "the continuation has \(continuationIDs.count) tokens, but the model reads at most "
          + "\(maximumLength)",
        at: location, fix: "shorten it, or score it as a perplexity task")
    }
    let all = contextIDs + continuationIDs
    let tokens = Array(all.suffix(maximumLength + 1))
    return ScoredSequence(
      tokens: tokens, scored: (tokens.count - continuationIDs.count)..<tokens.count,
      isTruncated: tokens.count < all.count)
  }

  private func pair(
    _ context: String, _ continuation: String, at location: String
  ) throws(Diagnostic) -> (context: [Int], continuation: [Int]) {
    if context.isEmpty {
      let prefix = try prefixToken(at: location)
      let ids = tokenizer.encode(continuation, addSpecialTokens: false)
      return ([prefix], ids.first == prefix ? Array(ids.dropFirst()) : ids)
    }
    let (head, tail) = ModelRequest.movingWhitespace(
      context: context, continuation: continuation)
    let contextIDs = tokens(of: head)
    let allIDs = tokens(of: head + tail)
    if contextIDs.isEmpty { return ([try prefixToken(at: location)], allIDs) }
    return (contextIDs, Array(allIDs.dropFirst(contextIDs.count)))
  }

  /// Windows in which every token of the text is scored once, with as much left context as fits.
  ///
  /// The first window begins with the prefix token, even before a beginning token that the tokenizer adds:
  /// lm-eval scores that one too.
  /// - Throws: ``Diagnostic`` at `location` if the tokenizer has no token to begin with.
  func windows(of text: String, at location: String) throws(Diagnostic) -> [ScoredSequence] {
    let ids = tokens(of: text)
    guard !ids.isEmpty else { return [] }
    return Self.windows(of: ids, prefix: try prefixToken(at: location), length: maximumLength)
  }

  static func windows(of ids: [Int], prefix: Int, length: Int) -> [ScoredSequence] {
    let first = min(length, ids.count)
    var windows = [
      ScoredSequence(tokens: [prefix] + ids[..<first], scored: 1..<(first + 1), isTruncated: false)
    ]
    var position = first
    while position < ids.count {
      let end = position + min(length, ids.count - position)
      let tokens = Array(ids[(end - length - 1)..<end])
      windows.append(
        ScoredSequence(
          tokens: tokens, scored: (tokens.count - (end - position))..<tokens.count,
          isTruncated: false))
      position = end
    }
    return windows
  }

  /// The last tokens of a prompt that leave room for `limit` generated ones.
  ///
  /// - Throws: ``Diagnostic`` at `location` if there is no room.
  func prompt(
    _ context: String, limit: Int, at location: String
  ) throws(Diagnostic) -> (tokens: [Int], isTruncated: Bool) {
    let room = maximumLength - limit
    guard room > 0 else {
      throw Diagnostic(
        "\(limit) generated tokens leave no room for a prompt: the model takes \(maximumLength)",
        at: location, fix: "lower max_tokens to less than \(maximumLength)")
    }
    var ids = tokens(of: context)
    if ids.isEmpty { ids = [try prefixToken(at: location)] }
    return (Array(ids.suffix(room)), ids.count > room)
  }

  private func prefixToken(at location: String) throws(Diagnostic) -> Int {
    if let id = tokenizer.prefixTokenID { return id }
    throw Diagnostic(
      "an empty context needs a token to begin with, but the tokenizer has neither a beginning nor an end token",
      at: location, fix: "set bos_token in tokenizer_config.json")
  }
}

import Tokenization

/// What a prompt is expected to be continued with, so that one forward pass can follow greedy decoding.
///
/// A pass over prompt and draft tells, for every position of the draft, which token greedy decoding takes
/// there as long as it has taken the draft's tokens before. The tokens thus known are exactly those that
/// decoding would yield. Where they end in a stop, the item is decided without decoding: a proof, whatever the
/// draft. A bad draft decides less, never wrongly.
struct Draft: Sendable {
  /// Continuations, distinct: the expected text followed by an end token, and by each stop string.
  let branches: [[Int]]

  /// The tokens of `expected` after `context`, and of both with each stop: merges across joints differ.
  init(
    expected: String, context: String, stops: [String], limit: Int,
    encoder: RequestEncoder
  ) {
    let contextIDs = encoder.tokens(of: context)
    func continuation(_ text: String) -> [Int] {
      let all = encoder.tokens(of: context + text)
      if !contextIDs.isEmpty, all.starts(with: contextIDs) {
        return Array(all.dropFirst(contextIDs.count))
      }
      return encoder.tokenizer.encode(text, addSpecialTokens: false)
    }
    let end = encoder.tokenizer.eosIDs.first ?? 0
    var branches: [[Int]] = []
    for branch in [continuation(expected) + [end]] + stops.map({ continuation(expected + $0) }) {
      let branch = Array(branch.prefix(limit))
      if !branch.isEmpty, !branches.contains(branch) { branches.append(branch) }
    }
    self.branches = branches
  }

  /// Follows greedy decoding along the branches.
  ///
  /// - Parameters:
  ///   - rule: When the text ends.
  ///   - best: The most probable token at a position of a branch.
  /// - Returns: The tokens that greedy decoding certainly yields first, and whether they are all of them.
  func follow(
    _ rule: StopRule, best: (_ branch: Int, _ position: Int) -> Int
  ) -> (generated: [Int], isComplete: Bool) {
    var generated: [Int] = []
    while true {
      if rule.isFinished(generated) { return (generated, true) }
      let position = generated.count
      let branch = branches.firstIndex { $0.count > position && $0.starts(with: generated) }
      guard let branch else { return (generated, false) }
      generated.append(best(branch, position))
    }
  }
}

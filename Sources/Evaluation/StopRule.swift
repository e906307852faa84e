import Tokenization

/// When greedy text ends, and which text the generated tokens are.
struct StopRule: Sendable {
  let tokenizer: Tokenizer
  let endTokens: Set<Int>
  /// Most tokens to generate.
  let limit: Int
  private let stops: [Stop]

  private struct Stop: Sendable {
    let text: [UInt8]
    /// How many of the last tokens are searched for it.
    let lookback: Int
  }

  init(tokenizer: Tokenizer, stops: [String], limit: Int) {
    self.tokenizer = tokenizer
    self.limit = limit
    endTokens = Set(tokenizer.eosIDs)
    var texts = stops
    if let end = tokenizer.eosIDs.first {
      texts.append(tokenizer.decode([end], skipSpecialTokens: false))
    }
    self.stops = texts.filter { !$0.isEmpty }.map { text in
      Stop(
        text: Array(text.utf8),
        lookback: tokenizer.encode(text, addSpecialTokens: false).count + 2)
    }
  }

  /// Whether generation ends with the last of these tokens, whatever would come next.
  func isFinished(_ generated: [Int]) -> Bool {
    guard let last = generated.last else { return limit == 0 }
    return generated.count >= limit || endTokens.contains(last) || endsInStop(generated)
  }

  /// Whether a finished text was ended by the limit alone.
  func isCutOff(_ generated: [Int]) -> Bool {
    guard let last = generated.last else { return true }
    return generated.count >= limit && !endTokens.contains(last) && !endsInStop(generated)
  }

  /// Whether a stop string stands in the text of the last tokens.
  func endsInStop(_ generated: [Int]) -> Bool {
    stops.contains { stop in
      let text = tokenizer.decode(
        Array(generated.suffix(stop.lookback)), skipSpecialTokens: false)
      return Array(text.utf8).firstPlace(of: stop.text) != nil
    }
  }

  /// The generated text, cut at the first occurrence of each stop string in turn.
  func text(of generated: [Int]) -> String {
    let ids = generated.last.map(endTokens.contains) == true ? generated.dropLast() : generated[...]
    var text = Array(tokenizer.decode(Array(ids), skipSpecialTokens: true).utf8)
    for stop in stops {
      if let place = text.firstPlace(of: stop.text) { text.removeSubrange(place...) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Where other bytes, of which there are some, stand first.
  ///
  /// Asked after every token of every item: the standard library's general search takes longer than decoding
  /// the tokens.
  fileprivate func firstPlace(of bytes: [UInt8]) -> Int? {
    guard bytes.count <= count else { return nil }
    return (0...count - bytes.count).first { place in
      self[place] == bytes[0] && self[place..<place + bytes.count].elementsEqual(bytes)
    }
  }
}

/// A prompt to be continued greedily: at every step the most likely token, of equal ones the lowest.
public struct GenerationRequest: Sendable {
  /// Not empty.
  public let prompt: [Int]
  /// Tokens that are known to be the greedy continuation, such as from a teacher-forced pass.
  public let accepted: [Int]
  /// Most tokens to generate, the accepted ones included.
  public let limit: Int
  /// Tokens that end the text; the one that does is part of the response.
  public let endTokens: Set<Int>
  /// Whether the text ends with the last of the generated tokens; called from one thread.
  public let shouldStop: @Sendable ([Int]) -> Bool

  public init(
    prompt: [Int], accepted: [Int] = [], limit: Int, endTokens: Set<Int>,
    shouldStop: @escaping @Sendable ([Int]) -> Bool = { _ in false }
  ) {
    self.prompt = prompt
    self.accepted = accepted
    self.limit = limit
    self.endTokens = endTokens
    self.shouldStop = shouldStop
  }

  /// Why the text ends with these tokens; nil if it goes on.
  func ending(of generated: [Int]) -> GenerationResponse.Ending? {
    if let last = generated.last {
      if endTokens.contains(last) { return .endToken }
      if shouldStop(generated) { return .stop }
    }
    return generated.count >= limit ? .limit : nil
  }
}

/// A greedy continuation.
public struct GenerationResponse: Sendable, Hashable {
  public enum Ending: Sendable, Hashable {
    /// `shouldStop` said so.
    case stop
    /// One of the request's end tokens.
    case endToken
    case limit
  }

  /// All generated tokens, the accepted ones included.
  public let tokens: [Int]
  public let ending: Ending
}

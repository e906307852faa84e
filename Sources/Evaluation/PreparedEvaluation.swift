public import Checkpoints
public import Diagnostics
import Documents
import Inference
public import Tasks

/// Tasks whose items have become tokens: what every candidate is asked, built once.
///
/// Immutable, so any number of candidates may be scored on it.
public struct PreparedEvaluation: Sendable {
  /// In the order of the evaluator's tasks.
  public let tasks: [PreparedTask]
  /// Tokens of all requests before anything is shared: the unit of cost.
  public let requestedTokens: Int
  /// Tokens of the forest: what the forward pass computes for each candidate, decoding apart.
  public let forestTokens: Int
  /// Whether some items may have to be decoded, for which a whole model must be in memory.
  public let mayDecode: Bool

  /// Tokens of the longest text that may have to be decoded, with its prompt; 0 if none.
  public var longestDecodedText: Int {
    tasks.lazy.flatMap(\.requests).joined().reduce(0) { longest, request in
      guard case .generation(let prompt, let rule, _) = request else { return longest }
      return max(longest, prompt.count + rule.limit)
    }
  }

  let forest: TokenForest
  /// The largest token id of any request; −1 without tokens.
  private let largestToken: Int

  init(_ tasks: [PreparedTask], planner: EvaluationPlanner) {
    self.tasks = tasks
    forest = planner.forest
    largestToken = planner.largestToken
    requestedTokens = tasks.reduce(0) { $0 + $1.requestedTokens }
    forestTokens = forest.tokenCount
    mayDecode = tasks.contains { $0.mayDecode }
  }

  /// Checks that a model knows every token of the tasks' texts.
  ///
  /// - Throws: ``Diagnostic`` at `folder`, which holds the tokenizer.
  public func checkVocabulary(of config: ConfigFile, tokenizerFolder folder: String)
    throws(Diagnostic)
  {
    let document = config.document["text_config"] ?? config.document
    guard let size = (document["vocab_size"] ?? config.document["vocab_size"])?.integer,
      largestToken >= size
    else { return }
    throw Diagnostic(
      "the tasks' texts have the token id \(largestToken), but the vocabulary of the model of "
        + "\(config.location) has \(size) tokens",
      at: folder + "/tokenizer.json",
      fix: "copy the files of the tokenizer from the model that this one was made from")
  }
}

/// The items of one task as tokens.
public struct PreparedTask: Sendable {
  public let task: LoadedTask
  /// How its texts become known: the mode that was asked for, `always` where nothing can be proved.
  public let decoding: DecodeMode
  /// The metric that counts where these results are used.
  public let objective: Metric
  public let items: [TaskItem]
  /// Tokens of each item's requests before anything is shared, for charging partial evaluations.
  public let itemTokens: [Int]
  /// Items of which a part is cut off to fit the model.
  public let truncatedItems: Int
  /// Tokens that the forward pass computes for this task, those that earlier tasks share left out.
  public let computedTokens: Int

  /// One list per item, one request per request of the item.
  let requests: [[PreparedRequest]]

  public var requestedTokens: Int { itemTokens.reduce(0, +) }

  /// Share of the requested tokens that prefixes spare, 0...1.
  public var savedShare: Double {
    requestedTokens > 0 ? max(0, 1 - Double(computedTokens) / Double(requestedTokens)) : 0
  }

  var mayDecode: Bool {
    decoding != .never
      && requests.contains { item in
        item.contains { if case .generation = $0 { true } else { false } }
      }
  }
}

/// A request as tokens, with the forest's probes that answer it.
enum PreparedRequest: Sendable {
  /// One probe per token of the continuation.
  case logLikelihood(probes: [Int])
  /// One probe per token of the text, over all windows.
  case rolling(probes: [Int])
  /// `draft` is nil where the text is decoded in any case.
  case generation(prompt: [Int], rule: StopRule, draft: PreparedDraft?)
}

/// A draft whose branches are in the forest.
struct PreparedDraft: Sendable {
  let draft: Draft
  /// For each branch one probe per token.
  let probes: [[Int]]
}

/// Turns items into tokens, one after the other, into one forest.
struct EvaluationPlanner {
  let encoder: RequestEncoder
  private(set) var forest = TokenForest()
  private(set) var largestToken = -1
  /// The rule of the last generation: the items of a task share one.
  private var lastRule: (stops: [String], rule: StopRule)?

  init(encoder: RequestEncoder) { self.encoder = encoder }

  mutating func prepare(
    _ task: LoadedTask, items: [TaskItem], decoding: DecodeMode, objective: Metric
  ) throws(Diagnostic) -> PreparedTask {
    var requests: [[PreparedRequest]] = []
    var itemTokens: [Int] = []
    var truncatedItems = 0
    let before = forest.tokenCount
    for item in items {
      var prepared: [PreparedRequest] = []
      var tokens = 0
      var isTruncated = false
      for request in item.requests {
        prepared.append(
          try prepare(
            request, task, at: item.location, decoding: decoding, tokens: &tokens,
            isTruncated: &isTruncated))
      }
      requests.append(prepared)
      itemTokens.append(tokens)
      if isTruncated { truncatedItems += 1 }
    }
    return PreparedTask(
      task: task, decoding: decoding, objective: objective, items: items, itemTokens: itemTokens,
      truncatedItems: truncatedItems, computedTokens: forest.tokenCount - before,
      requests: requests)
  }

  private mutating func prepare(
    _ request: ModelRequest, _ task: LoadedTask, at location: String, decoding: DecodeMode,
    tokens: inout Int, isTruncated: inout Bool
  ) throws(Diagnostic) -> PreparedRequest {
    switch request {
    case .logLikelihood(let context, let continuation):
      let sequence = try encoder.sequence(
        context: context, continuation: continuation, at: location)
      tokens += sequence.inputCount
      isTruncated = isTruncated || sequence.isTruncated
      return .logLikelihood(probes: insert(sequence))
    case .rolling(let text):
      var probes: [Int] = []
      for window in try encoder.windows(of: text, at: location) {
        tokens += window.inputCount
        probes += insert(window)
      }
      return .rolling(probes: probes)
    case .generation(let context, let stops, let limit, let expected):
      let prompt = try encoder.prompt(
        context, limit: limit, at: "\(task.file.path): max_tokens")
      isTruncated = isTruncated || prompt.isTruncated
      tokens += prompt.tokens.count
      largestToken = max(largestToken, prompt.tokens.max() ?? -1)
      let rule = rule(stops: stops, limit: limit)
      guard decoding != .always || task.needsForcedPass, let expected else {
        return .generation(prompt: prompt.tokens, rule: rule, draft: nil)
      }
      let draft = Draft(
        expected: expected, context: context, stops: stops, limit: limit, encoder: encoder)
      let probes = draft.branches.map { branch in
        insert(
          ScoredSequence(
            tokens: prompt.tokens + branch,
            scored: prompt.tokens.count..<(prompt.tokens.count + branch.count), isTruncated: false))
      }
      tokens += (draft.branches.first?.count ?? 1) - 1
      return .generation(
        prompt: prompt.tokens, rule: rule, draft: PreparedDraft(draft: draft, probes: probes))
    }
  }

  private mutating func rule(stops: [String], limit: Int) -> StopRule {
    if let last = lastRule, last.stops == stops, last.rule.limit == limit { return last.rule }
    let rule = StopRule(tokenizer: encoder.tokenizer, stops: stops, limit: limit)
    lastRule = (stops, rule)
    return rule
  }

  private mutating func insert(_ sequence: ScoredSequence) -> [Int] {
    largestToken = max(largestToken, sequence.tokens.max() ?? -1)
    return forest.insert(sequence.tokens, scoring: sequence.scored)
  }
}
